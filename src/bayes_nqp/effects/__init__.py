"""Compute effects and estimands from draws.

`robustness` and all higher packages may import it.
"""
