"""Provenance of the results."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import as_python
from bayes_nqp._core.i18n import Message, separated
from bayes_nqp.output.reports._content import Block, Heading, NumberedTable, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import section
from bayes_nqp.output.tables import Cell, Column, Row, Table, count

_P_WEIGHED = Message(
    "{chains} chains of {draws:,} draws, resampled by importance weights; k-hat at most "
    "{khat:.2f} (limit {limit:.2f}), effective weights at least {weights:,.0f}, effective"
    " draws at least {bulk:,.0f}, proposals without a density {refused:.1%}"
)
_P_DIAGNOSED = Message(
    "{chains} chains of {draws:,} draws; R-hat at most {rhat:.3f}, effective draws at least "
    "{bulk:,.0f} (bulk) and {tail:,.0f} (tail), {divergences} divergences"
)
_P_UNSEALED = Message(
    "none: version 0.1 saved this file without a checksum, so later changes cannot be detected"
)


@section(place=120)
def provenance(context: Context) -> Iterator[Block]:
    """List data, draws, design, versions and the command."""
    translate = context.translate
    yield Heading(translate("Provenance"), 2 if context.tells("appendix") else 1)
    rows = tuple(
        Row(label, (count(value) if isinstance(value, int) else Cell((value,)),))
        for label, value in _items(context)
    )
    yield NumberedTable(
        Table(
            "provenance",
            translate("Source of the results"),
            translate("Item"),
            (Column(translate("Value"), words=True),),
            rows,
            language=context.language,
        ),
        0,
    )
    yield Paragraph(
        translate("The data of all figures are in the folder {}.", context.figures), "quiet"
    )


def _items(context: Context) -> Iterator[tuple[str, str | int]]:
    translate, fit = context.translate, context.fit
    posterior = fit.posterior
    yield translate("Data (SHA-256)"), str(fit.record["panel_digest"])
    if fit.panel is not None:
        yield translate("Observations"), fit.panel.n_rows
    yield translate("Design"), as_python(fit.design)
    yield translate("Sampler"), as_python(fit.sampler)
    yield translate("Seed"), str(fit.sampler.seed)
    yield translate("Draws (SHA-256)"), fit.digest
    if fit.record.get("unsealed"):
        yield (translate("Checksum of the file"), translate(_P_UNSEALED))
    yield translate("Convergence diagnostics"), context.gate()
    gate = fit.gate
    yield (
        translate("Sampling diagnostics"),
        translate(
            (_P_WEIGHED) if gate.weighted else (_P_DIAGNOSED),
            chains=posterior.sizes[v.CHAIN],
            draws=posterior.sizes[v.DRAW],
            rhat=gate.rhat,
            bulk=gate.ess_bulk,
            tail=gate.ess_tail,
            divergences=gate.divergences,
            weights=gate.importance_ess,
            khat=gate.khat,
            limit=gate.khat_limit,
            refused=gate.refused,
        ),
    )
    if context.command:
        yield translate("Command"), context.command
    names = (f"{name} {number}" for name, number in fit.versions.items())
    yield translate("Versions"), ", ".join(names)
    notes = [*fit.notes, *(fit.panel.notes if fit.panel is not None else ())]
    if notes:
        yield translate("Notes"), translate.name(separated(notes))
