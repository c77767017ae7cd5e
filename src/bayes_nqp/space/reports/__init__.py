"""Sections and sentences of reports on spillovers.

`bayes_nqp.output.reports` finds its files; the sections in `output.reports.sections` may import it.
"""
