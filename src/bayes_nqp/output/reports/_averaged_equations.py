"""Equations of the candidate models of a model average."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bayes_nqp._core.i18n import Message, enumerated, separated
from bayes_nqp.output.reports._content import Block, DisplayedEquation, Paragraph
from bayes_nqp.output.reports._context import Context

_INTRODUCTION: Final = Message(
    "Reported results are averages over models, weighted by their posterior probabilities. The "
    "equation above is the model under parallel trends. The other models change the definition "
    "of treatment, or add a term for untreated outcomes:"
)
_ONE_MODEL: Final = Message("{} ({})", context="equation")


def averaged_equations(context: Context) -> Iterator[Block]:
    """State how each candidate model of the reported average changes the equation of the fit.

    Anticipation of n periods replaces ``D_it`` by ``1(t >= k_i - n)``. Other candidates add their
    term. Candidates with too small a probability for a fit are left out.
    """
    average = context.average
    if average is None:
        return
    names: dict[str, list[Message]] = {}
    meanings: dict[str, Message] = {}
    for model in average.designs:
        early, term = model.candidate.early, model.candidate.trends
        if model.effects is None or not (early or term):
            continue
        changes = []
        if term is not None:
            addend, symbols = term.formula
            changes.append(f"+ {addend}")
            meanings |= symbols
        if early:
            early += context.fit.facts.anticipation
            changes.append(f"D_{{it}} = 1(t ≥ k_{{i}} − {early})")
            meanings["k_{i}"] = Message("first treated period of unit i")
        names.setdefault(",  ".join(changes), []).append(model.candidate.name)
    if not names:
        return
    translate = context.translate
    yield Paragraph(translate(_INTRODUCTION))
    lines = (translate(_ONE_MODEL, x, enumerated(same)) for x, same in names.items())
    words = (Message("{}: {}", symbol, meaning) for symbol, meaning in meanings.items())
    yield DisplayedEquation(tuple(lines), translate("where {}.", separated(words)))
