"""Check of the error model: cluster-robust standard errors, richer errors and shared shocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import NOTHING, Message, advised, detailed, either, joined, listed
from bayes_nqp._core.types import Column
from bayes_nqp.checks.model._alternative_errors import (
    MOVED,
    WIDER,
    AlternativeErrors,
    alternative_errors,
)
from bayes_nqp.checks.model._cluster import robust
from bayes_nqp.checks.model._clusters import FEWEST, Clusters, clusters_above, clusters_by
from bayes_nqp.checks.model._influences import saturated_model
from bayes_nqp.checks.model._robust import Robust
from bayes_nqp.checks.model._understated_sd import Causes, advice
from bayes_nqp.checks.shared import (
    LASTING,
    Finding,
    Guide,
    asks,
    in_words,
    ladder,
    reported_weights,
    said_alone,
    unit_word,
)
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import (
    ADDITIVE,
    LINKED,
    ROWS,
    SEPARATE,
    UNITS,
    Fit,
    meets,
    panel_of,
)

_LIMIT, _FAR = 1.2, 1.5
"""Ratios of standard deviations above which the verdict is caution, and failed."""
_CHANCE, _SURE = 0.05, 0.001
"""Probabilities, over all quantities and clusters, of exceeding a limit if the model is true."""
_ABOVE = 1.1
"""Ratio by cluster over ratio by unit above which units of a cluster are correlated."""


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """Ratios by one kind of clusters, and their limits, for each quantity.

    Parameters
    ----------
    ratio, limit, sure : ndarray (quantity,)
        Ratio of the robust to the model's SD, and its limits for the verdicts caution and failed.
    """

    clusters: Clusters
    estimates: Robust
    ratio: Array
    limit: Array
    sure: Array

    @property
    def over(self) -> Mask:
        """Quantities whose ratio exceeds the limit for caution."""
        return np.asarray(self.ratio > self.limit)


@asks(
    "Are intervals wide enough for serially correlated and clustered errors?",
    "error model",
    of="errors",
    place=120,
    needs=(ROWS, UNITS, ADDITIVE, SEPARATE),
    guide=Guide(
        statistic=Message(
            "Ratio of cluster-robust standard errors to the standard deviations of the model, "
            "for all reported effects. Average effect and posterior SD under richer error "
            "structures. Log Bayes factor of persistent shocks shared by the units of a "
            "cluster.",
        ),
        thresholds=Message(
            "Caution: a ratio above {0:.1f} and above chance ({2:.0%} over all quantities and "
            "clusters). Caution too if a richer structure multiplies the posterior SD by more "
            "than {0:.1f} or moves the average effect by more than one SD. Failed: a ratio "
            "above {1:.1f} and above chance at {3:.1%}, or a posterior SD more than {1:.1f} "
            "times as large. Failed too if shared shocks have a log Bayes factor above {4:.0f}"
            " plus the log of the number of columns, and multiply the SD by more than {5:.1f} "
            "or move the effect by more than {6:.1f} SDs.",
            _LIMIT,
            _FAR,
            _CHANCE,
            _SURE,
            LASTING,
            WIDER,
            MOVED,
        ),
        failure=Message(
            "The reported intervals are too narrow, because the model does not include how "
            "errors of a unit or of a cluster are correlated.",
        ),
        remedy=Message(
            "fit again with the error structure or the shared shocks that the check "
            "names in the design, for example {0} or {1}",
            Code("errors=nqp.AR1()", '[design] errors = { type = "AR1" }'),
            Code(
                'shocks=nqp.ClusterTimeEffects("province", errors=nqp.AR1())',
                '[design] shocks = { type = "ClusterTimeEffects", by = "province", '
                'errors = { type = "AR1" } }',
            ),
        ),
        code=(
            "again = nqp.fit(design.replace(errors=nqp.AR1PlusNoise()), panel)\n"
            'nqp.check(again, "error_model")'
        ),
        literature=(
            "Liang and Zeger (1986); Bell and McCaffrey (2002); Bertrand, Duflo and "
            "Mullainathan (2004); Imbens and Kolesár (2016)"
        ),
        limits=Message(
            "With few clusters, cluster-robust standard errors have little power. Correlation "
            "between units that share no column of the file is not detected.",
        ),
    ),
)
def error_model(fit: Fit, *, cluster: Column | None = None, event_times: bool = False) -> Finding:
    """Compare the model's standard deviations with cluster-robust ones, and error structures.

    The saturated fit has a separate effect for every cell and no random effects of the treatment,
    with the same time effects and covariates. Observations are weighted by the posterior means of
    the error parameters. Its cluster-robust variance, with the factor clusters / (clusters − 1), is
    compared with its expected value under the model, including shared shocks of the design. This
    allows for the small residuals of cells with few units, and for effects that differ between
    units, which increase a robust variance but not the uncertainty about the average over the
    observed treated units. The ratio is ``sqrt(1 + (robust − expected) / model)``, with the model's
    variance of the saturated estimate. It is about one if the model is true, under any pooling; the
    posterior SD times the ratio is the robust standard error of the fit. Limits by chance use
    Satterthwaite's degrees of freedom.

    Clusters are the level at which effects vary (units by default), and every column above it that
    is constant within units and has at least five levels. For a continuous exposure, slopes take
    the place of effects.

    The average effect is also estimated under error structures that include the fit's own as a
    special case. Standard errors of few clusters have little power, so all observations are also
    used to test for persistent (AR(1)) shocks shared by the units of a cluster: the log Bayes
    factor of the design with these shocks over the fit's design.

    The evidence distinguishes three causes. Serial correlation that the errors do not include
    appears under richer structures, and in clusters without treated units (``ratio_controls``),
    where it cannot be confused with effects that differ. Shared shocks appear if the design
    includes them, and if the ratio of a cluster exceeds that of units. Effects that differ between
    units increase a clustered standard error but not the ratio: this standard error refers to the
    population of units, while the default target is the average over the observed treated units.

    Parameters
    ----------
    cluster : str, optional
        Column of clusters that is constant within units; only these clusters are then used.
    event_times : bool, default False
        True to test the average effect at every event time too.
    """
    least = clusters_by(fit, cluster)
    every = [least, *(clusters_above(fit, least) if cluster is None else ())]
    times: Literal["all"] | None = "all" if event_times else None
    names, rows = reported_weights(group_time_effects(fit), times=times, least=2)
    judged = _judged(fit, rows.toarray(), every)
    table = _table(fit, names, rows.toarray(), judged)
    others = alternative_errors(fit, table, [x for x in every if x.above])
    apart = table["ratio_controls"].to_numpy() > table["limit_controls"].to_numpy()
    verdict = ladder(
        fails=any((x.ratio > x.sure).any() for x in judged)
        or others.wider > _FAR
        or others.together,
        doubt=any(x.over.any() for x in judged)
        or apart.any()
        or others.wider > _LIMIT
        or others.moved > 1,
    )
    called = [*map(in_words, names)]
    sentence = _sentence(fit, judged, called, apart, others)
    figure = _figure(judged, called, apart, others)
    return Finding(verdict, figure, sentence, others.evidence, others.kind)


def _judged(fit: Fit, weights: Array, every: Sequence[Clusters]) -> list[_Judged]:
    """Compute ratios and limits of weighted averages for each kind of clusters."""
    tests, out = len(weights) * len(every), []
    for clusters in every:
        estimates = _robust(fit, weights, clusters)
        limit = np.maximum(_LIMIT, estimates.quantile(1 - 0.5 * _CHANCE / tests))
        sure = np.maximum(_FAR, estimates.quantile(1 - _SURE / tests))
        out.append(_Judged(clusters, estimates, estimates.ratio, limit, sure))
    return out


def _robust(fit: Fit, weights: Array, groups: Clusters) -> Robust:
    """Return robust standard errors of the saturated fit, at the posterior means of its errors."""
    model_frame, everywhere, errors = saturated_model(fit, weights)
    return robust(model_frame, everywhere, errors, groups.codes, groups.unit_effect)


def _table(fit: Fit, names: list[str], weights: Array, judged: Sequence[_Judged]) -> xr.Dataset:
    """Return statistics for the first kind of clusters by quantity, and ratios for all clusters."""

    def sd(target: Literal["sample", "superpopulation"]) -> Array:
        if target != "sample" and meets(fit, (LINKED,)):
            return none
        draws = group_time_effects(fit, target)[v.EFFECT].isel({v.PATH: 0}).to_numpy()
        return np.asarray((draws.reshape(-1, draws.shape[-1]) @ weights.T).std(axis=0))

    none = np.full(len(names), np.nan)
    estimates, posterior = judged[0].estimates, sd("sample")
    chance = 1 - 0.5 * _CHANCE / (len(names) * len(judged))
    controls = estimates.controls if estimates.controls.clusters >= FEWEST else None
    columns = {
        "ratio": estimates.ratio,
        "limit": judged[0].limit,
        "ratio_controls": controls.ratio if controls else none,
        "limit_controls": np.maximum(_LIMIT, controls.quantile(chance)) if controls else none,
        "posterior_sd": posterior,
        "robust_sd": posterior * estimates.ratio,
        "superpopulation_sd": sd("superpopulation"),
        "saturated": estimates.estimate,
        "robust_se": np.sqrt(estimates.variance),
        "expected_se": np.sqrt(estimates.expected),
        "model_se": np.sqrt(estimates.model),
        "freedom": estimates.freedom,
    }
    by_cluster = ("cluster", "quantity")
    return xr.Dataset(
        {name: ("quantity", values) for name, values in columns.items()}
        | {
            "cluster_ratio": (by_cluster, np.stack([x.ratio for x in judged])),
            "cluster_limit": (by_cluster, np.stack([x.limit for x in judged])),
            "cluster_count": ("cluster", [x.estimates.clusters for x in judged]),
        },
        coords={
            "quantity": np.asarray(names, dtype=str),
            "cluster": np.asarray([x.clusters.name for x in judged], dtype=str),
        },
        attrs={"clusters": estimates.clusters},
    )


def _figure(
    judged: Sequence[_Judged], names: list[str], apart: Mask, others: AlternativeErrors
) -> Message:
    """Return the key figure: ratios, and posterior SDs under richer errors."""
    worst = max(judged, key=lambda x: float((x.ratio / x.limit).max()))
    at = int(np.argmax(worst.ratio / worst.limit))
    average, counted = (
        judged[0].ratio[0],
        (worst.estimates.clusters, unit_word(worst.clusters.name)),
    )
    most = float(worst.limit[at])
    figure = Message(
        "cluster-robust standard error over model SD: {:.2f} for the average effect, {:.2f} for {} "
        "(limit {:.2f}; {} clusters by {})",
        average, worst.ratio[at], names[at], most, *counted,
    )  # fmt: skip
    if at == 0 and worst is judged[0]:
        figure = Message(
            "cluster-robust standard error over model SD: {:.2f} for the average effect (limit "
            "{:.2f}; {} clusters by {})",
            average, most, *counted,
        )  # fmt: skip
    if apart.any():
        ratio, limit = (others.evidence[f"{x}_controls"].to_numpy() for x in ("ratio", "limit"))
        k = int(np.argmax(np.where(apart, ratio / limit, 0.0)))
        figure = Message(
            "{}; {:.2f} for {} in clusters without treated units (limit {:.2f})",
            figure, ratio[k], names[k], limit[k],
        )  # fmt: skip
    if np.isfinite(others.wider):
        figure = Message(
            "{}; posterior SD × {:.2f} under a richer error structure", figure, others.wider
        )
    for name, factor in others.lasting.items():
        if np.isfinite(factor.value):
            figure = Message(
                "{}; log Bayes factor of persistent shocks by {}: {:+z.1f}",
                figure,
                name,
                factor.value,
            )
    for name, (wider, _) in others.shared.items():
        figure = Message("{}; posterior SD × {:.2f} with shocks by {}", figure, wider, name)
    return figure


def _causes(judged: Sequence[_Judged], apart: Mask, others: AlternativeErrors) -> Causes:
    """Return the evidence for each cause of understated standard deviations."""
    first = judged[0]
    by_unit, estimates = not first.clusters.above, first.estimates
    shared = [x for x in judged if x.clusters.above and _together(x, first, others)]
    worst = max(shared, key=lambda x: float((x.ratio / x.limit).max()), default=None)
    return Causes(
        over=by_unit and bool(first.over.any()),
        serial=bool(apart.any() and by_unit) or others.wider > _LIMIT or others.moved > 1,
        wider=others.wider,
        richer=others.richer,
        shared=None if worst is None else worst.clusters,
        robust=float(np.sqrt(estimates.variance[0] / estimates.model[0])) if by_unit else 1.0,
    )


def _together(judged: _Judged, first: _Judged, others: AlternativeErrors) -> bool:
    """Return True if units of clusters are correlated: by their shocks, or by a larger ratio."""
    more = judged is first or (judged.ratio > _ABOVE * first.ratio)[judged.over].any()
    return judged.clusters.name in others.together or bool(judged.over.any() and more)


def _sentence(
    fit: Fit, judged: Sequence[_Judged], names: list[str], apart: Mask, others: AlternativeErrors
) -> Message:
    """Return the finding, its meaning and the next step; further findings are details."""
    found, causes = [*_wide(judged, names, apart, others)], _causes(judged, apart, others)
    shocks = [
        Message(
            "Units of the same {} share persistent shocks (log Bayes factor {:.1f}); with"
            " these the posterior SD is {:.2f} times as large and the effect moves by "
            "{:.1f} SDs.",
            name, others.lasting[name].value, *factor,
        )
        for name, factor in others.shared.items()
    ]  # fmt: skip
    meaning: Message = NOTHING
    if found or others.together:
        found, shocks = [*found, *shocks], []
        narrow = any(x.over.any() for x in judged) or apart.any() or others.wider > _LIMIT
        wider = max((x for x, _ in others.shared.values()), default=0.0) > WIDER
        meaning = Message("The average effect depends on the error structure.")
        if narrow or wider:
            meaning = Message("The reported intervals are too narrow.")
    else:
        agree = Message(", and richer error structures agree") if others.kind != "none" else ""
        found = [
            Message(
                "Clustered by {}, no standard error exceeds the standard deviation of the model by "
                "more than chance explains{}.",
                either([unit_word(x.clusters.name) for x in judged]),
                agree,
            )
        ]
    alone = said_alone(panel_of(fit), [x.clusters.name for x in judged])
    first, *more = found
    reasons, step = advice(fit, causes, _LIMIT)
    details = [*more, *shocks, *reasons, alone]
    return joined([first, meaning, advised(step), *map(detailed, filter(None, details))])


def _wide(
    judged: Sequence[_Judged], names: list[str], apart: Mask, others: AlternativeErrors
) -> Iterator[Message]:
    """Yield findings: ratios by clusters above their limits, and changes under richer errors."""
    for x in judged:
        wide = x.over | (apart if x is judged[0] else False)
        if wide.any():
            most = float(x.ratio[x.over].max(initial=0))
            if x is judged[0]:
                controls = others.evidence["ratio_controls"].to_numpy()[apart]
                most = max(most, float(controls.max(initial=0)))
            yield Message(
                "Clustered by {}, standard errors are up to {:.2f} times those of the model ({}).",
                unit_word(x.clusters.name),
                most,
                listed([names[k] for k in np.flatnonzero(wide)], 3),
            )
    if others.wider > _LIMIT:
        yield Message(
            "Under a richer error structure, the posterior SD of the average effect is {:.2f} "
            "times as large.",
            others.wider,
        )
    elif others.moved > 1:
        yield Message(
            "Under a richer error structure, the average effect moves by {:.1f} posterior SDs.",
            others.moved,
        )
