"""Whether the draws can be used, for parameters and for what is reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp import diagnostics, schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks._reasons import gate_words
from bayes_nqp.checks._result import FAILS, HOLDS, Finding, asks
from bayes_nqp.checks._said import Said, said
from bayes_nqp.effects import cell_effects
from bayes_nqp.estimands import att, text

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

Array = npt.NDArray[np.float64]


@asks("Can the draws be used, for the parameters and for what is reported?", "fit")
def convergence(fit: Fit) -> Finding:
    """Judge weights of proposals; or parameters and estimands by R-hat, sizes and energy."""
    return _weights(fit) if fit.gate.weighted else _chains(fit)


def _weights(fit: Fit) -> Finding:
    """What the weights of proposals allow, equation by equation."""
    gate, evidence = fit.gate, _weights_table(fit)
    figure = said(
        "k-hat ≤ {:.2f} (limit {:.2f}); effective weights ≥ {:.0f}; effective draws ≥ {:.0f}",
        "k̂ 值 ≤ {:.2f}（限 {:.2f}）；有效权重数 ≥ {:.0f}；有效样本量 ≥ {:.0f}",
        gate.khat,
        gate.khat_limit,
        gate.importance_ess,
        gate.ess_bulk,
    )
    if gate.refused:
        figure = said(
            "{}; {:.1%} of proposals without a density",
            "{}；{:.1%} 的提议没有密度",
            figure,
            gate.refused,
        )
    if gate.failures:
        sentence = said(
            "The draws cannot be trusted yet: {}. Ask for more proposals "
            "(nqp.Importance(proposals=20_000)), or more draws.",
            "抽样尚不可信：{}。请增加提议数（nqp.Importance(proposals=20_000)）或抽样数。",
            gate_words("; ".join(gate.failures)),
        )
        return Finding(FAILS, figure, sentence, evidence, "table")
    sentence = said(
        "Draws are independent proposals, resampled by their weights, and the weights carry them.",
        "抽样为按权重重抽的独立提议，权重足以支撑。",
    )
    return Finding(HOLDS, figure, sentence, evidence, "table")


def _weights_table(fit: Fit) -> pd.DataFrame:
    stats = fit.tree["sample_stats"].to_dataset()
    names = stats["equation"].to_numpy() if "equation" in stats.dims else ["outcome"]
    columns = (v.KHAT, "khat_limit", v.IMPORTANCE_ESS, "refused", "log_marginal_likelihood")
    numbers = {name: np.atleast_1d(stats[name].to_numpy()) for name in columns if name in stats}
    return pd.DataFrame({"quantity": [str(name) for name in names], **numbers})


def _chains(fit: Fit) -> Finding:
    """Judge parameters and reported estimands by R-hat, effective sizes and energy."""
    quantities = _parameters(fit) | _estimands(fit)
    stats = {
        str(name): values.to_numpy()
        for name, values in fit.tree["sample_stats"].to_dataset().items()
    }
    gate = diagnostics.convergence(quantities, stats)
    failures = list(dict.fromkeys([*fit.gate.failures, *gate.failures]))
    rhat = max(gate.rhat, fit.gate.rhat)
    bulk, tail = min(gate.ess_bulk, fit.gate.ess_bulk), min(gate.ess_tail, fit.gate.ess_tail)
    figure = said(
        "R-hat ≤ {:.3f}; ESS ≥ {:.0f} (bulk), {:.0f} (tail); {} divergences",
        "R-hat ≤ {:.3f}；有效样本量 ≥ {:.0f}（主体）、{:.0f}（尾部）；{} 次发散",
        rhat,
        bulk,
        tail,
        gate.divergences,
    )
    if np.isfinite(gate.energy):
        figure = said("{}; E-BFMI {:.2f}", "{}；E-BFMI {:.2f}", figure, gate.energy)
    evidence = _table(quantities)
    if failures:
        if "tempered_ess" in stats:
            return Finding(FAILS, figure, _apart(failures), evidence, "table")
        sentence = said(
            "The draws cannot be trusted yet: {}. Sample longer (draws, tune), or raise "
            "target_accept if there are divergences.",
            "抽样尚不可信：{}。请延长抽样（draws、tune）；若有发散，请提高 target_accept。",
            gate_words("; ".join(failures)),
        )
        return Finding(FAILS, figure, sentence, evidence, "table")
    sentence = said(
        "All chains agree, with enough effective draws, for {} parameters and reported effects.",
        "就 {} 个参数与所报告的效应而言，各链结果一致，有效样本量充足。",
        len(evidence),
    )
    return Finding(HOLDS, figure, sentence, evidence, "table")


def _apart(failures: Sequence[str]) -> Said:
    """What to try where populations of particles do not agree."""
    return said(
        "One proposal does not carry this posterior, and independent populations of particles do "
        "not agree yet: {}. Fewer scales (nqp.Complete, varying=None), narrower priors "
        "(nqp.Priors) or another seed may help; nqp.NUTS() samples it row by row.",
        "单一提议分布不足以覆盖该后验，各独立粒子群的结果尚不一致：{}。可减少尺度参数"
        "（nqp.Complete、varying=None）、收紧先验（nqp.Priors）或更换种子；nqp.NUTS() 可逐行抽样。",
        gate_words("; ".join(failures)),
    )


def _parameters(fit: Fit) -> dict[str, Array]:
    equations = {str(name).partition("__")[0] for name in fit.posterior}
    # As the gate itself names them where there is one equation.
    prefix = f"{equations.pop()}__" if len(equations) == 1 else ""
    return {
        str(name).removeprefix(prefix).replace("__", " "): values.to_numpy()
        for name, values in fit.posterior.items()
        if values.ndim == 2
    }


def _estimands(fit: Fit) -> dict[str, Array]:
    """Draws of the average effect: overall, by every factor, by event time."""
    effects = cell_effects(fit)
    named = {"att": att(effects).to_numpy()}
    for dim in (*schema.factors(effects), *([v.EVENT_TIME] if schema.is_timed(effects) else [])):
        draws: xr.DataArray = att(effects, dim)
        for k, label in enumerate(draws[dim].to_numpy()):
            one = draws.isel({dim: k}).to_numpy()
            if not np.isnan(one).any():
                named[f"att[{dim}={text(label)}]"] = one
    return named


def _table(quantities: dict[str, Array]) -> pd.DataFrame:
    draws = np.stack(list(quantities.values()), axis=2)
    return pd.DataFrame(
        {
            "quantity": list(quantities),
            "r_hat": diagnostics.split_rhat(draws),
            "ess_bulk": diagnostics.effective_size(draws),
            "ess_tail": diagnostics.effective_size(draws, tail=True),
        }
    )
