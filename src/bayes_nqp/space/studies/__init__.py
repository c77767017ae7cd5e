"""The table `[space]` of a study: locations, spatial weights and spillovers.

`bayes_nqp.studies` finds its files and may import it.
"""
