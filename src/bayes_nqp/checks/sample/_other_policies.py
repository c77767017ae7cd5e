"""Whether other policies in the panel's own file carry the average effect."""

from __future__ import annotations

from typing import Final

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message, advised, joined, listed
from bayes_nqp.checks.sample._policy_columns import policies_of, with_policies
from bayes_nqp.checks.shared import (
    HOLDS,
    Alternative,
    Finding,
    asks,
    beside,
    compared,
    comparison,
)
from bayes_nqp.inference.fitting import ADOPTION, ROWS, Fit, panel_of

_FAR: Final = 1.0
"""Posterior sds by which another policy may move the average effect, beyond chance."""


@asks(
    "Do other policies in the file leave the average effect as it is?",
    "other policies",
    place=164,
    needs=(ADOPTION, ROWS),
    suits=with_policies,
)
def other_policies(fit: Fit) -> Finding:
    """Refit with each column that looks like a second policy.

    Looked at are columns of the panel's frame: of zeros and ones (or yes and no) that units change
    once, either way, or that begin and end; of dates, also as text, constant within units, of which
    half lie in the panel's periods; and of amounts that are zero until some date and above it from
    then on, where units have them before they adopt. Left out is one that is the same for all
    units, or that goes by adoption itself. Each enters the outcome with a level from its start (or
    end) and a line since, one that begins and ends as it is, amounts with a level and by how much,
    flat. The average effect may move by a posterior sd, or by what chance explains (Hausman 1978,
    5 % over all columns), and keeps its conclusion. Policies that the file does not date stay open.
    """
    panel, others, named = panel_of(fit), [], []
    stated = fit.facts.covariates_of(panel)
    for policy in policies_of(panel):
        rows, added = beside(panel, policy.columns)
        design = fit.outcome_design.variant({"covariates": (*stated, *added)})
        label = Message("with {}", policy.name, context="other policy")
        others.append(Alternative(label, Message("other policies"), design, rows))
        named.append(policy.name)
    if not others:
        raise NotApplicable(Message("No column of the file looks like another policy."))
    evidence = compared(fit, others, Message("fitting other policies"))
    against = comparison(evidence, far=_FAR, shared=True)
    figure = Message(
        "average effect {:.3g} {} ({} {:.3g}): {:+.1f} posterior sd",
        against.estimates[against.worst],
        against.farthest[0],
        against.names[0],
        against.estimates[0],
        against.farthest[1],
    )
    same = Message(
        "With {} as a second policy the average effect stays as it is. Policies that no column of "
        "the file dates stay open.",
        listed(named, 4),
    )
    sentence = against.sentence(same, Message("{}", context="other policy"))
    if against.verdict != HOLDS:
        advice = Message("Dates of other policies are covariates: {}.", listed(named, 4))
        sentence = joined([sentence, advised(advice)])
    return Finding(against.verdict, figure, sentence, evidence, "specifications")
