"""What every package may use: errors, validation, plug-ins, messages, files and names."""
