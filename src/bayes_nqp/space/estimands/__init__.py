"""Estimands of spillover effects and of mediated effects between neighbours.

`bayes_nqp.effects.estimands` finds its files and may import it; no other core package does.
"""
