"""Read files into panels: column types, datasets, spatial weights and simulated panels.

`model` and all higher packages may import it.
"""
