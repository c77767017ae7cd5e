"""Tables of spatial dependence and spillover effects, one a file.

`bayes_nqp.output.tables` finds its files and may import it.
"""
