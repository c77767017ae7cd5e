"""Tables: the one place, with plots and reports, where draws become intervals."""

from bayes_nqp.tables._as_docx import add_docx, write_docx
from bayes_nqp.tables._as_excel import write_excel
from bayes_nqp.tables._contrasts_table import contrasts_table
from bayes_nqp.tables._described import model_words
from bayes_nqp.tables._estimates import Estimates, estimates
from bayes_nqp.tables._event_study_table import event_study_table
from bayes_nqp.tables._export import export
from bayes_nqp.tables._mediation_table import channel_comparison, mediation_table
from bayes_nqp.tables._model import Cell, Column, Row, Table, written
from bayes_nqp.tables._parts import count
from bayes_nqp.tables._specification_table import specification_table
from bayes_nqp.tables._steps import three_step, two_step
from bayes_nqp.tables._summary import summary
from bayes_nqp.tables._table import table
from bayes_nqp.tables._words import per_words, percent, words

__all__ = [
    "Cell",
    "Column",
    "Estimates",
    "Row",
    "Table",
    "add_docx",
    "channel_comparison",
    "contrasts_table",
    "count",
    "estimates",
    "event_study_table",
    "export",
    "mediation_table",
    "model_words",
    "per_words",
    "percent",
    "specification_table",
    "summary",
    "table",
    "three_step",
    "two_step",
    "words",
    "write_docx",
    "write_excel",
    "written",
]
