"""What readers see: tables, plots, reports and files for other programs."""
