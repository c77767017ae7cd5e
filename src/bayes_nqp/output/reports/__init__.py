"""Reports: sections of sentences, tables and figures, and the formats that write them.

`studies` and all higher packages may import it.
"""

from bayes_nqp.output.reports._check_lists import SPATIAL as SPATIAL
from bayes_nqp.output.reports._context import Context as Context
from bayes_nqp.output.reports._figures import FigureFolder as FigureFolder
from bayes_nqp.output.reports._registry import SECTIONS as SECTIONS
from bayes_nqp.output.reports._registry import remarks as remarks
from bayes_nqp.output.reports._registry import writers as writers
from bayes_nqp.output.reports._report import report
from bayes_nqp.output.reports._report import report_title as report_title
from bayes_nqp.output.reports._report import write_report as write_report

__all__ = ["report"]
