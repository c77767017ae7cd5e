"""The report: sections of sentences, tables and figures, and the formats that write them."""

from bayes_nqp.reports._posterior import figures as figures
from bayes_nqp.reports._report import FORMATS as FORMATS
from bayes_nqp.reports._report import report

__all__ = ["report"]
