"""Whether the draws can be used, for parameters and for what is reported."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.i18n import Message, advised, joined
from bayes_nqp.checks.shared import (
    FAILS,
    HOLDS,
    Finding,
    asks,
    convergence_words,
    labels,
    reported_draws,
)
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import Fit, scalar_draws
from bayes_nqp.numerics import diagnostics
from bayes_nqp.numerics.sampling import Importance

_UNTRUSTED = Message("The draws cannot be trusted yet: {}.")


@asks(
    "Can the draws be used, for the parameters and for what is reported?",
    "convergence",
    of="fit",
    place=10,
)
def convergence(fit: Fit) -> Finding:
    """Judge weights of proposals; or parameters and estimands by R-hat, sizes and energy."""
    return _weights(fit) if fit.gate.weighted else _chains(fit)


def _weights(fit: Fit) -> Finding:
    """What the weights of proposals allow, equation by equation."""
    gate, evidence = fit.gate, _weights_table(fit)
    figure = Message(
        "k-hat ≤ {:.2f} (limit {:.2f}); effective weights ≥ {:,.0f}; effective draws ≥ {:,.0f}",
        gate.khat,
        gate.khat_limit,
        gate.importance_ess,
        gate.ess_bulk,
    )
    if gate.refused:
        figure = Message("{}; {:.1%} of proposals without a density", figure, gate.refused)
    if gate.failures:
        proposals = Hint("sampler", Importance(proposals=20_000))
        advice = Message("Ask for more proposals ({}), or more draws.", proposals)
        reason = _UNTRUSTED.fill(convergence_words("; ".join(gate.failures)))
        sentence = joined([reason, advised(advice)])
        return Finding(FAILS, figure, sentence, evidence, "table")
    sentence = Message(
        "Draws are independent proposals, resampled by their weights, and none of these dominates."
    )
    return Finding(HOLDS, figure, sentence, evidence, "table")


def _weights_table(fit: Fit) -> pd.DataFrame:
    stats = fit.groups["sample_stats"]
    names = stats["equation"].to_numpy() if "equation" in stats.dims else ["outcome"]
    columns = (v.KHAT, "khat_limit", v.IMPORTANCE_ESS, "refused", "log_marginal_likelihood")
    numbers = {name: np.atleast_1d(stats[name].to_numpy()) for name in columns if name in stats}
    table = pd.DataFrame({"quantity": [str(name) for name in names], **numbers})
    table.attrs |= labels([Message("outcome")])
    return table


def _chains(fit: Fit) -> Finding:
    """Judge parameters and reported estimands by R-hat, effective sizes and energy."""
    effects = reported_draws(group_time_effects(fit), contrasts=False, times="all")
    quantities = scalar_draws(fit) | {name: x.to_numpy() for name, x in effects.items()}
    stats = {str(name): values.to_numpy() for name, values in fit.groups["sample_stats"].items()}
    gate = diagnostics.convergence(quantities, stats)
    failures = list(dict.fromkeys([*fit.gate.failures, *gate.failures]))
    rhat = max(gate.rhat, fit.gate.rhat)
    bulk, tail = min(gate.ess_bulk, fit.gate.ess_bulk), min(gate.ess_tail, fit.gate.ess_tail)
    figure = Message(
        "R-hat ≤ {:.3f}; ESS ≥ {:.0f} (bulk), {:.0f} (tail); {} divergences",
        rhat, bulk, tail, gate.divergences,
    )  # fmt: skip
    if np.isfinite(gate.energy):
        figure = Message("{}; E-BFMI {:.2f}", figure, gate.energy)
    evidence = _table(quantities)
    if not failures:
        sentence = Message(
            "All chains agree, with enough effective draws, for {} parameters and reported "
            "effects.",
            len(evidence),
        )
        return Finding(HOLDS, figure, sentence, evidence, "table")
    reason, advice = (
        _UNTRUSTED,
        Message("Sample longer (draws, tune), or raise target_accept if there are divergences."),
    )
    if "tempered_ess" in stats:
        reason = Message(
            "One proposal does not carry this posterior, and independent populations of particles "
            "do not agree yet: {}."
        )
        advice = Message(
            "Fewer scales (nqp.CompletePooling, varying=None), narrower priors (nqp.Priors) or "
            "another seed may help; nqp.NUTS() samples it row by row."
        )
    sentence = joined([reason.fill(convergence_words("; ".join(failures))), advised(advice)])
    return Finding(FAILS, figure, sentence, evidence, "table")


def _table(quantities: dict[str, Array]) -> pd.DataFrame:
    draws = np.stack(list(quantities.values()), axis=2)
    table = pd.DataFrame(
        {
            "quantity": list(quantities),
            "r_hat": diagnostics.split_rhat(draws),
            "ess_bulk": diagnostics.effective_size(draws),
            "ess_tail": diagnostics.effective_size(draws, tail=True),
        }
    )
    table.attrs |= labels(quantities)
    return table
