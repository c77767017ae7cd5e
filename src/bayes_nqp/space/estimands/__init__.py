"""Estimands of spillover effects and of mediated effects between neighbours.

`bayes_nqp.effects.estimands` finds its files and exports its functions.
"""
