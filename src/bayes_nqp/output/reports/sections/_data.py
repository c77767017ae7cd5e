"""Data and sample of the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp._core.labels import Labels
from bayes_nqp.checks import OPEN
from bayes_nqp.data.panel import Panel
from bayes_nqp.output.plots import Sketch
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import section


@section(place=20, exhibit=10)
def data(context: Context) -> Iterator[Block | Sketch]:
    """Describe the panel, adoption and identification."""
    translate, panel = context.translate, context.panel
    yield Heading(translate("Data and sample"))
    if context.question:
        yield Paragraph(context.question)
    if panel is not None:
        yield Paragraph(context.joined(_sentences(context, panel)))
        yield from context.table("descriptives", _called(panel, context))
        yield from context.sketches("adoption")
    support = context.found("identification")
    if support is not None and isinstance(support.evidence, pd.DataFrame):
        cells = support.evidence
        identified = cells[cells["identified"].astype(bool)]
        rows = int(identified[v.ROWS].sum())
        cells_of = len(cells) + round(float(context.fit.record.get("cells_beyond", 0.0)))
        every = context.staggered and len(identified) == cells_of
        part = "evidence" if support.verdict in OPEN else "appendix"
        plain = not context.staggered and support.verdict == "passed"
        yield Paragraph(
            context.joined(
                [
                    translate(
                        (
                            "Effects of all {all} cells (group × cohort × period) are "
                            "identified, with {rows:,} treated observations."
                        )
                        if every
                        else (
                            "Effects of {known} of {all} cells (group × cohort × period) "
                            "are identified, with {rows:,} treated observations."
                        )
                        if context.staggered
                        else (
                            "Slopes of {known} of {all} groups are identified, with "
                            "{rows:,} exposed observations."
                        ),
                        known=len(identified),
                        all=cells_of,
                        rows=rows,
                    ),
                    *([] if context.tells(part) or plain else [context.answer(support)]),
                ]
            )
        )


def _called(panel: Panel, context: Context) -> Panel:
    """Return the panel with the outcome named as in the report."""
    words = {context.language: {panel.roles.outcome: context.outcome}}
    return replace(panel, labels=panel.labels | Labels.of(words)) if context.outcome else panel


def _adoption(panel: Panel) -> Message:
    """Return a sentence on the number of treated units and their adoption dates."""
    treated, labels = panel.cohort_codes >= 0, panel.time_labels
    cohorts = sorted(set(panel.cohort_codes[treated].tolist()))
    first, last = labels[cohorts[0]], labels[cohorts[-1]]
    when = Message("in {} cohorts from {} to {}", len(cohorts), first, last)
    if len(cohorts) == 1:
        when = Message("in {} alone", first)
    return Message(
        "{n:,} unit adopts the policy, {when}; {never:,} are never treated in the sample.",
        plural="{n:,} units adopt the policy, {when}; {never:,} are never treated in the sample.",
        n=round(panel.counts[treated].sum()),
        when=when,
        never=round(panel.counts[~treated].sum()),
    )


def _exits(panel: Panel) -> Message:
    """Return a sentence on the number of units whose treatment ends or begins again."""
    paths, counts = panel.paths, panel.counts
    return Message(
        "The treatment ends within the sample in {n:,} unit; {again:,} are treated again.",
        plural="The treatment ends within the sample in {n:,} units; {again:,} are treated again.",
        n=round(counts[(paths["exit"].notna() | (paths["spells"] > 1)).to_numpy()].sum()),
        again=round(counts[(paths["spells"] > 1).to_numpy()].sum()),
    )


def _sentences(context: Context, panel: Panel) -> Iterator[str]:
    translate, labels = context.translate, panel.time_labels
    yield translate(
        "The panel has {rows:,} observations: {units:,} units ({unit}) in {periods} "
        "periods ({first} to {last}).",
        rows=panel.n_rows,
        units=panel.n_units,
        unit=panel.roles.unit,
        periods=panel.periods,
        first=labels[0],
        last=labels[-1],
    )
    if (panel.cohort_codes >= 0).any():
        yield translate(_adoption(panel))
    if panel.ends:
        yield translate(_exits(panel))
    record = context.fit.record
    if "ends_before" in record:
        yield translate(
            "The sample ends before {}, when all units are treated; {:,} later "
            "observations are excluded.",
            str(record["ends_before"]),
            round(float(record["rows_beyond"])),
        )
    if panel.dropped:
        gaps = [f"{name} {count:,}" for name, count in panel.dropped.items()]
        yield translate(
            "Observations excluded because of missing values: {}.", listed(gaps, len(gaps))
        )
    model_frame = context.fit.model_frame
    n_rows = round(model_frame.codes.weight[model_frame.kept].sum())
    if n_rows < panel.n_rows:
        yield translate(
            "The estimation sample has {:,} observations; the section on provenance lists"
            " the reasons for exclusion.",
            n_rows,
        )
