"""Reports: sections of sentences, tables and figures, and the formats that write them.

`studies` and all higher packages may import it.
"""

from bayes_nqp.output.reports._check_lists import SPATIAL as SPATIAL
from bayes_nqp.output.reports._content import Block as Block
from bayes_nqp.output.reports._content import Heading as Heading
from bayes_nqp.output.reports._content import Paragraph as Paragraph
from bayes_nqp.output.reports._context import Context as Context
from bayes_nqp.output.reports._figures import FigureFolder as FigureFolder
from bayes_nqp.output.reports._group_differences import MANY as MANY
from bayes_nqp.output.reports._posterior import level as level
from bayes_nqp.output.reports._posterior import posterior_of as posterior_of
from bayes_nqp.output.reports._registry import SECTIONS as SECTIONS
from bayes_nqp.output.reports._registry import exhibits as exhibits
from bayes_nqp.output.reports._registry import remarks as remarks
from bayes_nqp.output.reports._registry import section as section
from bayes_nqp.output.reports._registry import writers as writers
from bayes_nqp.output.reports._report import report
from bayes_nqp.output.reports._report import report_title as report_title
from bayes_nqp.output.reports._report import write_report as write_report
from bayes_nqp.output.reports._spillover_sentences import exposed as exposed
from bayes_nqp.output.reports._spillover_sentences import neighbours as neighbours
from bayes_nqp.output.reports._spillover_sentences import sides as sides

__all__ = ["report"]
