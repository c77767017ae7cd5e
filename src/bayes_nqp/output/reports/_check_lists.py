"""Checks as reports print them: grouped by subject, with or without a finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bayes_nqp._core.i18n import Message, Translator, advice_of
from bayes_nqp.checks import CHECKS, NOT_APPLICABLE, OPEN, VERDICTS, CheckResult, title_of
from bayes_nqp.output.plots import Sketch
from bayes_nqp.output.reports._content import Block, Folded, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import SECTIONS
from bayes_nqp.output.tables import anchor_of

SPATIAL: Final = ("moran", "spatial_lm", "spatial_weights", "spatial_decay")
"""Checks that the section on spatial dependence tabulates, in its order."""
_GROUPS: Final = {
    "trends": Message("Tests of parallel trends"),
    "exposure": Message("Tests of the identifying assumptions"),
    "placebo": Message("Placebo tests"),
    "": Message("Model specification and sample"),
    "audit": Message("Data quality"),
    "mediation": Message("Tests of mediators"),
    "space": Message("Tests of spatial dependence"),
}
"""Headings, in the order of reports; checks of others belong to the model and the sample."""
_DRAWN: Final = "event_study"
"""Kind of evidence that the section on dynamic effects draws."""


def grouped(
    context: Context, results: Iterable[CheckResult]
) -> Iterator[tuple[str, list[CheckResult]]]:
    """Group checks under the heading of their subject."""
    groups: dict[str, list[CheckResult]] = {}
    for result in results:
        key = _group_of(result.name, staggered=context.staggered)
        groups.setdefault(key, []).append(result)
    for key, title in _GROUPS.items():
        if key in groups:
            yield context.translate(title), groups[key]


def _group_of(name: str, *, staggered: bool) -> str:
    """Find the group of a check by its folder, or by its name for placebo tests."""
    if "placebo" in name:
        return "placebo"
    folders = CHECKS[name].find.__module__.split(".")[:-1] if name in CHECKS else []
    room = next((folder for folder in folders if folder in _GROUPS), "")
    if room == "trends" and not staggered:
        return "exposure"
    return room


def titled(result: CheckResult, context: Context) -> str:
    """Name a check at the beginning of a line."""
    name = context.translate.name(title_of(result.name))
    return name[:1].upper() + name[1:]


def figure_of(result: CheckResult, context: Context) -> str:
    """Return the key figure of a check in the language of the report."""
    return Translator(context.language, result.labels).name(result.figure)


def explained(
    context: Context, results: Sequence[CheckResult], level: int
) -> Iterator[Block | Sketch]:
    """Explain checks one by one under a heading each: question, finding, details and figure.

    Parameters
    ----------
    level : int
        Level of the headings.
    """
    translate = context.translate
    drawn = {sketch.stem: sketch for sketch in context.sketches("check")}
    for result in results:
        verdict, anchor = VERDICTS[result.verdict], anchor_of(result.name)
        items = tuple(filter(None, _details(context, result)))
        heading = translate("{}: {}", titled(result, context), verdict)
        yield Heading(heading, level, "" if items else anchor)
        yield Paragraph(context.joined([translate.name(result.question), context.answer(result)]))
        if items:
            yield Folded(translate("Details"), items, anchor)
        if (sketch := drawn.get(f"check_{result.name}")) is not None:
            yield sketch


def reported(
    context: Context, name: str, title: Message, table: str = ""
) -> Iterator[Block | Sketch]:
    """Report the checks of a section of a paper: a paragraph each, then its table or its figure.

    Parameters
    ----------
    name : str
        Section whose checks are reported; it is empty if none of them was run and applies.
    title : Message
        Heading.
    table : str, optional
        Kind of the table; by default the figure of each check.
    """
    asked = map(context.found, SECTIONS[name].checks)
    found = [x for x in asked if x is not None and x.verdict != NOT_APPLICABLE]
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
        if table:
            yield from context.table(table, [result])
        elif result.kind != _DRAWN and (sketch := drawn.get(f"check_{result.name}")) is not None:
            yield sketch


def _details(context: Context, result: CheckResult) -> Iterator[str]:
    """Give the key figure, the details and, after an open verdict, the entry of the check.

    The next step is that of the result; without one, the remedy of the entry is given.
    """
    translate = context.translate
    if figure := figure_of(result, context):
        yield translate("Key figures: {}.", figure)
    yield context.details(result)
    guide = CHECKS[result.name].guide if result.name in CHECKS else None
    if guide is None or result.verdict not in OPEN:
        return
    yield translate("What a failure means: {}", guide.failure)
    own = Translator(context.language, result.labels).name(advice_of(result.sentence))
    yield own or translate("What to try first: {}.", guide.remedy)
    yield translate("Thresholds: {}", guide.thresholds)
