"""Exhibits on spatial dependence and spillovers.

`bayes_nqp.output.exhibits` finds its files; no other package imports it.
"""
