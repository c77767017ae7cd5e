"""The studio: from a file to a report in a browser, on this machine alone."""

from bayes_nqp.studio._serve import serve

__all__ = ["serve"]
