"""Whether the model of errors leaves intervals as wide as clusters of the data say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks.model._cluster import robust
from bayes_nqp.checks.model._robust import Errors, Robust
from bayes_nqp.checks.model._structures import error_means, richest, structures
from bayes_nqp.checks.shared import (
    Finding,
    asks,
    column,
    ladder,
    owner,
    reported_weights,
)
from bayes_nqp.designs import saturated_design
from bayes_nqp.effects import cell_effects
from bayes_nqp.errors import NotApplicable, StudyError, nearest
from bayes_nqp.fitting import ROWS, SEPARATE, Fit, deviation_draws, panel_of, sigma_draws
from bayes_nqp.language import Message, joined, listed
from bayes_nqp.planning import plan_of, unit_column
from bayes_nqp.terms import TimeEffects

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

_LIMIT, _FAR = 1.2, 1.5
"""Ratios of standard deviations from which intervals are in doubt, and fail."""
_SAME = 1.05
"""Ratio up to which a richer error structure makes no difference."""
_CHANCE, _SURE = 0.05, 0.001
"""Chances, over all quantities, that a true model passes what its clusters can tell."""
_FEW = 5
"""With fewer clusters a robust standard error says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class _Clusters:
    """Units by cluster and by member, and what clusters are called."""

    name: str
    codes: Index
    member: Index
    above: bool


@asks(
    "Are intervals as wide as errors that move together within a unit demand?",
    "error model",
    place=120,
    needs=(ROWS, SEPARATE),
    cluster=column,
)
def error_model(fit: Fit, *, cluster: str | None = None, event_times: bool = False) -> Finding:
    """Compare the model's standard deviations with cluster-robust ones, and error structures.

    The saturated fit (an effect of its own for every cell, no deviations, the same time effects
    and covariates) weighs rows by the fit's posterior mean of the error parameters. Its
    cluster-robust variance, with the factor clusters / (clusters − 1), is compared with what it
    would be on average if the model were true: that takes account of the small residuals of
    cells with few units, and of effects that differ between units, which a robust variance
    counts though the average over the treated rows at hand does not depend on them. The ratio
    is ``sqrt(1 + (robust − expected) / model)`` with the model's variance of the saturated
    estimate; posterior sd times the ratio is the robust standard deviation of the fit. It is
    about one if the model is true, whatever the pooling. A quantity is in doubt beyond 1.2,
    and beyond what the clusters at hand can tell from chance (Satterthwaite's degrees of
    freedom, 5 % over all quantities); it fails beyond 1.5 and a chance of 0.1 %.

    The average effect is also estimated under other error structures. Those that hold the
    fit's own as a special case count: a posterior sd more than 1.2 times as large, or an
    estimate more than a posterior sd away, puts the fit in doubt; 1.5 times fails.

    A model can take persistent errors for deviations of effects; clusters with treated units
    cannot tell the two apart, those without can, and are judged by themselves too
    (``ratio_controls``), as the other error structures are.

    Clusters are what effects vary by (units by default), or those of ``cluster``: a column of
    the panel that is constant within units, such as a province. ``event_times=True`` judges the
    average at every event time too. Of a continuous exposure slopes take the place of effects.
    """
    if not isinstance(event_times, bool):
        raise StudyError(f"'event_times' is {event_times!r}", hint="True or False")
    groups = _clusters(fit, cluster)
    times: Literal["all"] | None = "all" if event_times else None
    names, rows = reported_weights(cell_effects(fit), times=times, least=2)
    weights = rows.toarray()
    estimates = _robust(fit, weights, groups)
    table = _table(fit, names, weights, estimates)
    ratio, limit = table["ratio"].to_numpy(), table["limit"].to_numpy()
    over = ratio > limit
    apart = table["ratio_controls"].to_numpy() > table["limit_controls"].to_numpy()
    sure = np.maximum(_FAR, estimates.quantile(1 - _SURE / len(names)))
    kind, evidence, wider, moved = structures(fit, table)
    verdict = ladder(
        fails=(ratio > sure).any() or wider > _FAR,
        doubt=over.any() or apart.any() or wider > _LIMIT or moved > 1,
    )
    worst = int(np.argmax(ratio / limit))
    figure = Message(
        "cluster-robust over model sd {:.2f} for the average effect, {:.2f} for {} (limit {:.2f}; "
        "{} clusters by {})",
        ratio[0],
        ratio[worst],
        names[worst],
        float(limit[worst]),
        estimates.clusters,
        owner(groups.name),
    )
    if np.isfinite(wider):
        figure = Message("{}; posterior sd × {:.2f} under a richer error structure", figure, wider)
    most = max(
        float(table[name].to_numpy()[mask].max(initial=0))
        for name, mask in (("ratio", over), ("ratio_controls", apart))
    )
    wide = [names[k] for k in np.flatnonzero(over | apart)]
    return Finding(
        verdict, figure, _sentence(fit, groups, wide, most, wider, moved), evidence, kind
    )


def _clusters(fit: Fit, name: str | None) -> _Clusters:
    panel, varying = panel_of(fit), fit.facts.varying or v.UNIT
    member = np.arange(panel.n_units)
    if varying != v.UNIT:
        member = unit_column(panel, varying, "varying")[0]
    if name is None or name == varying:
        codes = member
    elif name in panel.strata_codes:
        codes = np.asarray(panel.strata_codes[name], dtype=np.int64)
    elif name in panel.frame.columns:
        codes = unit_column(panel, name, "cluster")[0]
    else:
        raise StudyError(
            f"'cluster' names the column {name!r}, which the panel does not have",
            hint=nearest(name, [*panel.frame.columns, *panel.strata_codes]),
        )
    pairs = np.unique(np.stack([member, codes]), axis=1)
    if np.unique(pairs[0]).size < pairs.shape[1]:
        raise StudyError(
            f"clusters by {name!r} cut through what effects vary by, {varying!r}",
            hint=f"cluster={varying!r}, or a level above it",
        )
    count = np.unique(codes).size
    if count < _FEW:
        raise NotApplicable(
            Message(
                "There are {} clusters by {}; a robust standard error needs {} at the very least.",
                count,
                owner(name or varying),
                _FEW,
            )
        )
    return _Clusters(name or varying, codes, member, count < np.unique(member).size)


def _robust(fit: Fit, weights: Array, groups: _Clusters) -> Robust:
    """Compare standard errors of the saturated fit, at the posterior means of its errors."""
    panel, facts = panel_of(fit), fit.facts
    time = TimeEffects(facts.time_strata(panel))
    plan = plan_of(saturated_design(fit.design, panel, time=time), panel)
    everywhere = np.zeros((weights.shape[0], plan.cells.rows.size))
    everywhere[:, ~plan.cells.lead] = weights
    spread = deviation_draws(fit)
    fixed = 0.0 if facts.varying is None else facts.priors.member * fit.scale
    errors = Errors(
        float(sigma_draws(fit).mean()),
        error_means(fit),
        fixed if spread is None else float(spread.mean()),
    )
    return robust(plan, everywhere, errors, groups.codes, groups.member)


def _table(fit: Fit, names: list[str], weights: Array, estimates: Robust) -> xr.Dataset:
    draws = cell_effects(fit)[v.EFFECT].isel({v.PATH: 0}).to_numpy()
    posterior = (draws.reshape(-1, draws.shape[-1]) @ weights.T).std(axis=0)
    chance, none = 1 - 0.5 * _CHANCE / len(names), np.full(len(names), np.nan)
    controls = estimates.controls if estimates.controls.clusters >= _FEW else None
    columns = {
        "ratio": estimates.ratio,
        "limit": np.maximum(_LIMIT, estimates.quantile(chance)),
        "ratio_controls": controls.ratio if controls else none,
        "limit_controls": np.maximum(_LIMIT, controls.quantile(chance)) if controls else none,
        "posterior_sd": posterior,
        "robust_sd": posterior * estimates.ratio,
        "saturated": estimates.estimate,
        "robust_se": np.sqrt(estimates.variance),
        "expected_se": np.sqrt(estimates.expected),
        "model_se": np.sqrt(estimates.model),
        "freedom": estimates.freedom,
    }
    return xr.Dataset(
        {name: ("quantity", values) for name, values in columns.items()},
        coords={"quantity": np.asarray(names, dtype=str)},
        attrs={"clusters": estimates.clusters},
    )


def _sentence(
    fit: Fit, groups: _Clusters, over: list[str], ratio: float, wider: float, moved: float
) -> Message:
    if not over and not wider > _LIMIT:
        if moved > 1:
            return Message(
                "Under a richer error structure the average effect moves by {:.1f} posterior sd: "
                "fit that one ({}).",
                moved,
                richest(fit),
            )
        return Message(
            "Clustered by {}, no standard deviation is larger than modelled by more than chance "
            "explains{}.",
            owner(groups.name),
            Message(" and richer error structures agree") if np.isfinite(wider) else "",
        )
    parts = []
    if over:
        parts.append(
            Message(
                "Clustered by {}, the standard deviation of {} is up to {:.2f} times what the "
                "model says: intervals are too narrow.",
                owner(groups.name),
                listed(over, 3),
                ratio,
            )
        )
    if wider > _LIMIT:
        parts.append(
            Message(
                "Under a richer error structure the posterior sd is {:.2f} times as large.", wider
            )
        )
    return joined([*parts, _advice(fit, groups, wider)])


def _advice(fit: Fit, groups: _Clusters, wider: float) -> Message:
    richer = fit.facts.noise.richer
    if groups.above:
        return Message(
            "Errors move together within a {}: give groups of them time effects of their own "
            "(time=nqp.TimeEffects(…)), or report the robust sd.",
            owner(groups.name),
        )
    if richer and np.isnan(wider):
        return Message(
            "No richer error structure can be fitted (precision weights go with independent "
            "errors only): report the robust sd, or fit without weights."
        )
    if richer and wider > _SAME:
        return Message("Fit {}; and cluster by a level above (cluster='…').", richest(fit))
    return Message(
        "No richer error structure widens them, so the spread of errors differs between units, or "
        "units move together: report the robust sd, and cluster by a level above (cluster='…')."
    )
