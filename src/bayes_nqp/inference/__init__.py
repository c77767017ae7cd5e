"""Fit a design to a panel: the model frame, the PyMC model and the draws.

`effects` and all higher packages may import it.
"""
