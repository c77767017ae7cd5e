"""The report: sections of sentences, tables and figures, and the formats that write them."""

from bayes_nqp.reports._posterior import figures
from bayes_nqp.reports._report import FORMATS, report

__all__ = [
    "FORMATS",
    "figures",
    "report",
]
