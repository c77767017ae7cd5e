"""Spillovers on untreated units in a paper."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting import ADOPTION
from bayes_nqp.output.reports._check_lists import reported
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import Part, section


@section(place=63, needs=(ADOPTION,), asked=True, exhibit=120, checks=("displacement", "donut"))
def displacement(context: Context) -> Iterator[Part]:
    """Test spillovers on untreated units."""
    yield from reported(context, "displacement", Message("Spillovers on untreated units"))
