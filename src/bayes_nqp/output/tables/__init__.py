"""Tables of effects, estimands, checks and specifications, and the formats that write them.

`output.plots`, `output.reports` and all higher packages may import it.
"""

from typing import Any

from bayes_nqp.effects.estimands import percent as percent
from bayes_nqp.effects.estimands import words as words
from bayes_nqp.output.tables._baseline_steps import baseline_steps as baseline_steps
from bayes_nqp.output.tables._contrasts_table import contrasts_table
from bayes_nqp.output.tables._described import interval_notes as interval_notes
from bayes_nqp.output.tables._described import model_facts as model_facts
from bayes_nqp.output.tables._described import model_words as model_words
from bayes_nqp.output.tables._described import remarks_of as remarks_of
from bayes_nqp.output.tables._described import stacked_notes as stacked_notes
from bayes_nqp.output.tables._described import strata_of as strata_of
from bayes_nqp.output.tables._described import time_strata as time_strata
from bayes_nqp.output.tables._docx_template import LONGEST_PROPERTY as LONGEST_PROPERTY
from bayes_nqp.output.tables._docx_template import headed as headed
from bayes_nqp.output.tables._docx_template import opened_docx as opened_docx
from bayes_nqp.output.tables._draft import TableDraft as TableDraft
from bayes_nqp.output.tables._estimates import Estimates, estimates
from bayes_nqp.output.tables._estimators_table import estimators_table
from bayes_nqp.output.tables._event_study_table import event_study_table
from bayes_nqp.output.tables._export import export
from bayes_nqp.output.tables._fields import add_bookmark as add_bookmark
from bayes_nqp.output.tables._fields import add_caption as add_caption
from bayes_nqp.output.tables._fields import add_contents as add_contents
from bayes_nqp.output.tables._formats import TABLE_FORMATS as TABLE_FORMATS
from bayes_nqp.output.tables._formats import TableFormat as TableFormat
from bayes_nqp.output.tables._kinds import KINDS as KINDS
from bayes_nqp.output.tables._kinds import Ask as Ask
from bayes_nqp.output.tables._kinds import kind as kind
from bayes_nqp.output.tables._mediation_table import mediation_table, mediator_comparison
from bayes_nqp.output.tables._model import NOTHING as NOTHING
from bayes_nqp.output.tables._model import Cell as Cell
from bayes_nqp.output.tables._model import Column as Column
from bayes_nqp.output.tables._model import Form as Form
from bayes_nqp.output.tables._model import Row as Row
from bayes_nqp.output.tables._model import Table
from bayes_nqp.output.tables._model import decimals_for as decimals_for
from bayes_nqp.output.tables._model import written as written
from bayes_nqp.output.tables._outcome_units import in_probability as in_probability
from bayes_nqp.output.tables._outcome_units import in_units_of_outcome as in_units_of_outcome
from bayes_nqp.output.tables._page import as_html as as_html
from bayes_nqp.output.tables._parts import TONES as TONES
from bayes_nqp.output.tables._parts import Writer as Writer
from bayes_nqp.output.tables._parts import anchor_of as anchor_of
from bayes_nqp.output.tables._parts import apart as apart
from bayes_nqp.output.tables._parts import chance as chance
from bayes_nqp.output.tables._parts import count as count
from bayes_nqp.output.tables._parts import estimate_columns as estimate_columns
from bayes_nqp.output.tables._parts import key_of as key_of
from bayes_nqp.output.tables._parts import level_of as level_of
from bayes_nqp.output.tables._parts import number as number
from bayes_nqp.output.tables._parts import outcome_of as outcome_of
from bayes_nqp.output.tables._parts import per_words as per_words
from bayes_nqp.output.tables._parts import word as word
from bayes_nqp.output.tables._spatial_estimates import estimates_of as estimates_of
from bayes_nqp.output.tables._spatial_estimates import is_of_space as is_of_space
from bayes_nqp.output.tables._spatial_estimates import spatial_fits as spatial_fits
from bayes_nqp.output.tables._specification_table import specification_table
from bayes_nqp.output.tables._steps import baron_kenny, two_step_mediation
from bayes_nqp.output.tables._summary import STATISTICS as STATISTICS
from bayes_nqp.output.tables._summary import summary
from bayes_nqp.output.tables._table import table
from bayes_nqp.output.tables._word import add_docx
from bayes_nqp.output.tables._word_format import set_fonts as set_fonts

__all__ = [
    "Estimates",
    "Table",
    "add_docx",
    "baron_kenny",
    "contrasts_table",
    "estimates",
    "estimators_table",
    "event_study_table",
    "export",
    "mediation_table",
    "mediator_comparison",
    "specification_table",
    "summary",
    "table",
    "two_step_mediation",
]

list(TABLE_FORMATS)  # every `Table.to_…` is there before the first table is


def __getattr__(name: str) -> Any:
    """Return the writer of several tables to a file: ``write_docx``, ``write_excel``."""
    for form in TABLE_FORMATS.values():
        if name.startswith("write_") and getattr(form.write, "__name__", "") == name:
            return form.write
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
