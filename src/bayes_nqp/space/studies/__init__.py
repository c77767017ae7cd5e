"""The table `[space]` of a study, which states locations, spatial weights and spillovers.

`bayes_nqp.studies` finds its files and may import it.
"""
