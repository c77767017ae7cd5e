"""From files to a panel: reading, column types, weights between units, simulated panels."""
