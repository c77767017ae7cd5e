"""Check of convergence: importance weights, R-hat and effective sample sizes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, joined
from bayes_nqp.checks.shared import (
    FAILS,
    HOLDS,
    Finding,
    Guide,
    asks,
    convergence_words,
    labels,
    reported_draws,
)
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import Fit, scalar_draws
from bayes_nqp.numerics import diagnostics
from bayes_nqp.numerics.sampling import Importance

_INVALID = Message(
    "Estimates and intervals may be wrong, and other checks of this fit cannot be interpreted."
)


@asks(
    "Do the posterior draws represent the posterior distribution?",
    "convergence",
    of="fit",
    place=10,
    guide=Guide(
        statistic=Message(
            "For importance sampling: the effective number of importance weights and the shape"
            " k-hat of the largest weights. For tempered sampling and NUTS: R-hat, effective "
            "sample sizes, divergences and E-BFMI of parameters and reported effects.",
        ),
        thresholds=Message(
            "Passed: at least {0:.0f} effective weights, k-hat below its limit for the number "
            "of proposals, and at least {0:.0f} draws; or R-hat ≤ {1:.2f}, effective sample "
            "sizes ≥ {0:.0f}, no divergence and E-BFMI ≥ {2:.1f}. Otherwise failed.",
            diagnostics.ESS,
            diagnostics.RHAT,
            diagnostics.ENERGY,
        ),
        failure=Message(
            "The draws do not represent the posterior, so all estimates, intervals and other "
            "checks may be wrong.",
        ),
        remedy=Message(
            "fit again with more proposals, {0}; if this fails, simplify the model, {1}, "
            "or narrow its priors (nqp.Priors)",
            Code(
                "nqp.Importance(proposals=20_000)",
                '[sampler] type = "Importance", proposals = 20000',
            ),
            Code(
                "nqp.StaggeredDiD(nqp.CompletePooling())",
                '[design] effect = { type = "CompletePooling" }',
            ),
        ),
        code=(
            "more = nqp.fit(design, panel, nqp.Importance(proposals=20_000, seed=1))\n"
            'nqp.check(more, "convergence")'
        ),
        literature="Vehtari et al. (2021); Vehtari et al. (2024)",
        limits=Message(
            "The check does not detect a mode of the posterior that no proposal or chain has "
            "reached.",
        ),
    ),
)
def convergence(fit: Fit) -> Finding:
    """Test importance weights, or R-hat and effective sample sizes of reported quantities."""
    return _weights(fit) if fit.gate.weighted else _chains(fit)


def _weights(fit: Fit) -> Finding:
    """Return the finding for importance weights, equation by equation."""
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
        reason = Message(
            "The importance weights do not represent the posterior: {}.",
            convergence_words("; ".join(gate.failures)),
        )
        proposals = Hint("sampler", Importance(proposals=20_000))
        advice = Message("Next: fit again with more proposals, {}, or more draws.", proposals)
        sentence = joined([reason, _INVALID, advised(advice)])
        return Finding(FAILS, figure, sentence, evidence, "table")
    sentence = Message(
        "The importance weights are well behaved, so the resampled draws represent the posterior."
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
    """Return the finding for parameters and estimands: R-hat, sample sizes, energy."""
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
            "R-hat and the effective sample sizes of all {} parameters and reported effects are "
            "within their limits.",
            len(evidence),
        )
        return Finding(HOLDS, figure, sentence, evidence, "table")
    reason = Message("The Markov chains have not converged: {}.")
    advice = Message(
        "Next: increase draws and tune of {}, and target_accept if there are divergences.",
        Code("nqp.NUTS()", '[sampler] type = "NUTS"'),
    )
    if "tempered_ess" in stats:
        reason = Message(
            "Importance sampling from a single proposal failed, and the particle populations of "
            "tempered sampling disagree: {}."
        )
        advice = Message(
            "Next: simplify the model, {0}, narrow its priors (nqp.Priors), or sample with {1}.",
            Code(
                "nqp.StaggeredDiD(nqp.CompletePooling())",
                '[design] effect = { type = "CompletePooling" }',
            ),
            Code("nqp.NUTS()", '[sampler] type = "NUTS"'),
        )
    reason = reason.fill(convergence_words("; ".join(failures)))
    sentence = joined([reason, _INVALID, advised(advice)])
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
