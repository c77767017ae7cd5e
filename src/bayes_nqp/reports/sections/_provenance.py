"""Where the numbers come from."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp import vocabulary as v
from bayes_nqp.reports._content import Block, Heading, Paragraph, Tabulated
from bayes_nqp.reports._context import Context
from bayes_nqp.tables._model import Cell, Column, Row, Table
from bayes_nqp.tables._parts import count

__all__ = ["provenance"]


def provenance(context: Context) -> Iterator[Block]:
    """List data, draws, design, versions and what was typed.

    Parameters
    ----------
    context : Context

    Yields
    ------
    Block
    """
    say = context.say
    yield Heading(say["provenance"])
    rows = tuple(
        Row(label, (count(value) if isinstance(value, int) else Cell((value,)),))
        for label, value in _items(context)
    )
    yield Tabulated(
        Table(
            "provenance",
            say["title_provenance"],
            say["item"],
            (Column(say["value"], words=True),),
            rows,
            language=context.language,
        ),
        0,
    )
    yield Paragraph(say["data_behind"].format("figures/"), "quiet")


def _items(context: Context) -> Iterator[tuple[str, str | int]]:
    say, fit = context.say, context.fit
    posterior = fit.posterior
    yield say["p_data"], str(fit.facts["panel_digest"])
    if fit.panel is not None:
        yield say["p_rows"], fit.panel.n_rows
    yield say["p_design"], repr(fit.design)
    yield say["p_sampler"], repr(fit.sampler)
    yield say["p_seed"], str(fit.sampler.seed)
    yield say["p_fit"], fit.digest
    if fit.facts.get("unsealed"):
        yield say["p_seal"], say["p_unsealed"]
    yield say["p_gate"], context.gate()
    gate = fit.gate
    yield (
        say["p_diagnostics"],
        say["p_weighed" if gate.weighted else "p_diagnosed"].format(
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
        yield say["p_command"], context.command
    yield say["p_versions"], ", ".join(f"{name} {number}" for name, number in fit.versions.items())
    notes = [*fit.notes, *(fit.panel.notes if fit.panel is not None else ())]
    if notes:
        yield say["p_notes"], "; ".join(notes)
