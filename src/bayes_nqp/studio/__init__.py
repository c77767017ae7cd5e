"""The studio: a web page on the user's own machine that leads from a file to a report.

Only `cli` imports it.
"""

from bayes_nqp.studio._serve import serve

__all__ = ["serve"]
