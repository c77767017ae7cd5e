"""Exhibits of a paper that report checks, if their sections are requested."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting import ADOPTION, ROWS
from bayes_nqp.output.plots import Sketch
from bayes_nqp.output.reports._check_lists import figure_of, titled
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import SECTIONS, section

type Blocks = Iterator[Block | Sketch]

_DRAWN = "event_study"
"""Kind of evidence that the section on dynamic effects draws."""


@section(place=41, needs=(ADOPTION,), asked=True, checks=("pretrends", "trend_sensitivity"))
def parallel_trends(context: Context) -> Blocks:
    """Test parallel trends, and the sensitivity of the effect to their violation."""
    yield from _reported(context, "parallel_trends", Message("Tests of parallel trends"))


@section(place=42, needs=(ADOPTION,), asked=True, checks=("placebo_time", "placebo_space"))
def placebo(context: Context) -> Blocks:
    """Report placebo tests."""
    yield from _reported(context, "placebo", Message("Placebo tests"))


@section(place=44, needs=(ADOPTION, ROWS), asked=True, checks=("referee",))
def robustness(context: Context) -> Blocks:
    """Tabulate routine robustness checks."""
    yield from _reported(context, "robustness", Message("Robustness checks"), "referee")


@section(place=47, needs=(ADOPTION, ROWS), asked=True, checks=("other_policies",))
def other_policies(context: Context) -> Blocks:
    """Report the average effect with other policies as controls."""
    yield from _reported(context, "other_policies", Message("Other policies"), "robustness")


@section(place=48, needs=(ADOPTION, ROWS), asked=True, checks=("omitted_variables",))
def omitted_variables(context: Context) -> Blocks:
    """Report the sensitivity of the average effect to omitted variables."""
    title = Message("Sensitivity to omitted variables")
    yield from _reported(context, "omitted_variables", title, "omitted_variables")


@section(place=63, needs=(ADOPTION,), asked=True, checks=("displacement", "donut"))
def displacement(context: Context) -> Blocks:
    """Test spillovers on untreated units."""
    yield from _reported(context, "displacement", Message("Spillovers on untreated units"))


def _reported(context: Context, name: str, title: Message, kind: str = "") -> Blocks:
    """Report each check of a section: a paragraph, then its table or its figure."""
    found = [x for check in SECTIONS[name].checks if (x := context.found(check)) is not None]
    if not found:
        return
    yield Heading(context.translate(title))
    drawn = {sketch.stem: sketch for sketch in context.sketches("check")}
    for result in found:
        answer = context.translate("{}: {}", titled(result, context), context.answer(result))
        figure = figure_of(result, context)
        key = [context.translate("Key figures: {}.", figure)] if figure else []
        yield Paragraph(context.joined([answer, *key]))
        if result.evidence is None:
            continue
        if kind:
            yield from context.table(kind, [result])
        elif result.kind != _DRAWN and (sketch := drawn.get(f"check_{result.name}")) is not None:
            yield sketch
