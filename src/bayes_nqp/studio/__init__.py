"""The studio: a local web application that leads from a data file to a report.

Only `cli` imports it.
"""

from bayes_nqp.studio._serve import serve

__all__ = ["serve"]
