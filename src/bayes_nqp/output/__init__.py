"""Results for readers: tables, plots, reports and files for other programs.

`studies` and all higher packages may import it.
"""
