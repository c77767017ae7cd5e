"""Check of other policies that the file of the panel records."""

from __future__ import annotations

from typing import Final

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, detailed, joined, listed
from bayes_nqp.checks.sample._policy_columns import policies_of, with_policies
from bayes_nqp.checks.shared import (
    Alternative,
    Finding,
    Guide,
    asks,
    beside,
    compared,
    comparison,
)
from bayes_nqp.inference.fitting import ADOPTION, ROWS, Fit, panel_of

_FAR: Final = 1.0
"""Posterior SDs by which another policy may move the average effect."""


@asks(
    "Is the average effect due to another policy recorded in the file?",
    "other policies",
    place=164,
    needs=(ADOPTION, ROWS),
    suits=with_policies,
    guide=Guide(
        statistic=Message(
            "Average effect when each column of the file that looks like another policy (0/1, "
            "a date, or an amount that starts at a date) is added to the outcome equation, by "
            "level and time since its start.",
        ),
        thresholds=Message(
            "Failed: the sign of the average effect changes. Caution: it moves by more than "
            "{0:.0f} posterior SD and by more than chance explains over all columns, its "
            "conclusion changes, or a refit did not converge.",
            _FAR,
        ),
        failure=Message(
            "The estimate includes the effect of a policy that was introduced at about the "
            "same time.",
        ),
        remedy=Message(
            "add the other policy to the covariates of the panel and of the design, {}, "
            "and report both estimates",
            Code("nqp.StaggeredDiD(covariates=[...])", "[design] covariates = […]"),
        ),
        code='nqp.check(fit, "other_policies").evidence',
        literature="Hausman (1978)",
        limits=Message(
            "Policies that no column of the file records are not tested.",
        ),
    ),
)
def other_policies(fit: Fit) -> Finding:
    """Refit with each column of the file that looks like a second policy.

    Such columns of the panel's frame are: zeros and ones (or yes and no) that each unit changes
    once, or that start and end once; dates, also as text, that are constant within units and half
    of which lie in the panel's periods; and amounts that are zero until a date and positive from
    then on, if some units have them before adoption. A column that is the same for all units, or
    that adoption determines, is not used.

    A policy enters the outcome equation by its level from the start (or end) and a linear trend
    since; one that starts and ends by its level; amounts by their level and by the amount. All
    coefficients have flat priors. The test for chance (Hausman 1978) has a level of 5 % over all
    columns.
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
        "average effect {:.3g} {} ({}: {:.3g}), a shift of {:+z.1f} posterior SDs",
        against.estimates[against.worst],
        against.farthest[0],
        against.names[0],
        against.estimates[0],
        against.farthest[1],
    )
    same = Message(
        "Controlling for {} as a second policy hardly changes the average effect.", listed(named, 4)
    )
    parts = [against.sentence(same, Message("{}", context="other policy"))]
    if against.differs:
        parts.append(Message("Part of the average effect may be due to the other policy."))
    undated = Message("Policies without a column in the file are not tested.")
    tested = Message("Tested columns: {}.", listed(named, 8))
    sentence = joined([*parts, detailed(tested), detailed(undated)])
    return Finding(against.verdict, figure, sentence, evidence, "specifications")
