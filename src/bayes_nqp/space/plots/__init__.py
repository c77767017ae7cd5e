"""Maps and plots of spatial dependence and spillover effects, one a file.

`bayes_nqp.output.plots` finds its files; no other package imports it.
"""
