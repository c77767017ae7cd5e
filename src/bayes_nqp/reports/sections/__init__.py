"""The sections of a report, one a file, each a function from a context to blocks."""

from collections.abc import Callable, Iterable
from typing import Final

from bayes_nqp.reports._content import Block
from bayes_nqp.reports._context import Context, Sketch
from bayes_nqp.reports.sections._assumptions import assumptions
from bayes_nqp.reports.sections._channels import channels
from bayes_nqp.reports.sections._data import data
from bayes_nqp.reports.sections._event_study import event_study
from bayes_nqp.reports.sections._evidence import evidence
from bayes_nqp.reports.sections._methods import methods
from bayes_nqp.reports.sections._moderation import moderation
from bayes_nqp.reports.sections._provenance import provenance
from bayes_nqp.reports.sections._results import results
from bayes_nqp.reports.sections._short import short
from bayes_nqp.reports.sections._top import top

__all__ = ["SECTIONS"]

SECTIONS: Final[tuple[Callable[[Context], Iterable[Block | Sketch]], ...]] = (
    top,
    short,
    data,
    results,
    event_study,
    moderation,
    channels,
    evidence,
    assumptions,
    methods,
    provenance,
)
"""In the order of the report."""
