"""Check of time effects by groups of units, and of contrasts between groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import Hint, NotApplicable, NQPError
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import (
    Message,
    advised,
    crossed,
    decoded,
    detailed,
    joined,
    listed,
    unadvised,
)
from bayes_nqp.checks.shared import (
    FAILS,
    HOLDS,
    LASTING,
    REFUTED,
    UNTOLD,
    Finding,
    Guide,
    Lasting,
    Verdict,
    asks,
    average_effect,
    behind,
    labels,
    ladder,
    nesting,
    otherwise,
    refitted_averages,
    said_alone,
    shared_for,
    worst_of,
)
from bayes_nqp.data.panel import Panel, with_stratum
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, contrast, worst_convergence
from bayes_nqp.inference.fitting import ROWS, Fit, panel_of, refit
from bayes_nqp.model.designs import Design
from bayes_nqp.model.predictors import TimeEffects

type Pair = tuple[str, str, str]
"""A factor and two of its levels."""

_MOVED = 0.5
"""Posterior SDs by which time effects of a column's levels may move the average effect."""
_FAR = 1.0
"""Posterior SDs by which a contrast may move between two choices of time effects."""


@dataclass(frozen=True, slots=True)
class _Levels:
    """Evidence for time effects by the levels of a column.

    Parameters
    ----------
    lasting : Lasting
        Evidence that the levels have persistent shared shocks.
    adoption : tuple of float
        Share of ever-treated units in the level with the fewest and with the most.
    """

    lasting: Lasting
    adoption: tuple[float, float]


@asks(
    "Do time effects differ between groups of units, and do contrasts depend on them?",
    "time effects",
    place=110,
    needs=(ROWS,),
    guide=Guide(
        statistic=Message(
            "Log Bayes factor of persistent time effects by the levels of every column "
            "that groups units. The column with the most evidence receives its own time "
            "effects, and the change of the average effect is measured. Contrasts between"
            " strata are compared between time effects by stratum and common time "
            "effects."
        ),
        thresholds=Message(
            "Failed: the log Bayes factor exceeds {0:.0f} plus the log of the number of "
            "columns, and the average effect moves by more than {1:.1f} posterior SDs. "
            "Failed too: a contrast changes sign. Caution: a contrast moves by more than "
            "{2:.0f} posterior SD and more than chance explains, or its conclusion "
            "changes. Inconclusive: the model with these time effects cannot be "
            "estimated. Passed: otherwise. Time effects that the data reject by more than"
            " {3:.0f} log units do not count.",
            LASTING,
            _MOVED,
            _FAR,
            REFUTED,
        ),
        failure=Message(
            "The groups follow different trends for other reasons than the policy, and the "
            "estimate includes part of the difference."
        ),
        remedy=Message(
            "fit again with time effects by group, {} in the design, and report both estimates",
            Code("time=nqp.TimeEffects(...)", '[design] time = { type = "TimeEffects", … }'),
        ),
        code=(
            "by_group = nqp.fit(nqp.StaggeredDiD(time=nqp.TimeEffects(panel.roles.strata)), panel)"
            "\nnqp.att(by_group)"
        ),
        literature="Hausman (1978)",
        limits=Message(
            "Only columns of the panel that are constant within units are tested; groups that no "
            "column names remain untested."
        ),
    ),
)
def time_effects(fit: Fit) -> Finding:
    """Test time effects by the levels of every grouping column, and compare contrasts.

    For each column that is constant within units, has several units per level and no time effects
    in the model yet, the check computes the log Bayes factor of persistent shocks shared within
    levels (AR(1), a normal prior) over the model of the fit, and the share of treated units by
    level. If the largest factor exceeds 3 plus the log of the number of columns, that column
    receives time effects in a refit. The check fails if the average effect then moves by more than
    half a posterior SD.

    Every contrast of two levels of a stratum is compared between time effects by level and common
    time effects. It may move by a posterior SD, or by as much as chance explains (Hausman 1978),
    without a change of its conclusion. Time effects that the data reject by more than 3 log units
    do not count. Common time effects do not count against a fit with time effects by level, which
    is valid in both cases; the change of a contrast under common time effects is reported.
    """
    panel = panel_of(fit)
    levels, pairs = _levels(fit), _pairs(fit) if _strata(fit) else []
    if not pairs and not levels:
        raise NotApplicable(
            Message(
                "The panel has neither strata nor a column that groups units, so time effects by "
                "group cannot be tested."
            )
        )
    parts = [_of_columns(fit, levels, panel)] if levels else []
    if pairs:
        parts.append(_of_contrasts(fit, pairs))
    evidence = xr.merge(
        [x.evidence for x in parts if isinstance(x.evidence, xr.Dataset)],
        combine_attrs="no_conflicts",
    )
    verdict = worst_of(x.verdict for x in parts)
    first, *others = (x.sentence for x in sorted(parts, key=lambda x: x.verdict != verdict))
    rest = others if verdict == HOLDS else [detailed(unadvised(x)) for x in others]
    sentences = [first, *rest, detailed(said_alone(panel, [x.lasting.by for x in levels]))]
    if not levels:
        sentences.append(
            detailed(
                Message(
                    "The panel has no other column that groups units, so time effects of regions "
                    "or similar groups remain untested."
                )
            )
        )
    return Finding(
        verdict, _figures([x.figure for x in parts]), joined(sentences), evidence,
        parts[-1].kind, parts[-1].refit,
    )  # fmt: skip


def _figures(figures: Sequence[Message]) -> Message:
    return figures[0] if len(figures) == 1 else Message("{}; {}", *figures)


def _strata(fit: Fit) -> tuple[str, ...]:
    panel = panel_of(fit)
    return fit.facts.strata(panel) or panel.roles.strata


def _levels(fit: Fit) -> list[_Levels]:
    """Return the evidence for columns without time effects in the model."""
    panel = panel_of(fit)
    strata = {*fit.facts.time_strata(panel), *fit.facts.shared_by}
    columns = {name: codes for name, codes in nesting(panel).items() if name not in strata}
    if not columns or not fit.takes("time"):
        return []
    factors, adopts, n = shared_for(fit, columns), panel.cohort_codes >= 0, panel.counts
    return [
        _Levels(factors[name], (float(shares.min()), float(shares.max())))
        for name, codes in columns.items()
        if np.isfinite(factors[name].value)
        and (shares := np.bincount(codes, n * adopts) / np.bincount(codes, n)).size
    ]


def _of_columns(fit: Fit, levels: Sequence[_Levels], panel: Panel) -> Finding:
    """Return the finding about the column with the most evidence."""
    most = max(levels, key=lambda x: x.lasting.value)
    factor, by, (low, high) = most.lasting.value, most.lasting.by, most.adoption
    figure = Message(
        "log Bayes factor of time effects by {} {:+z.1f} (limit {:.1f})",
        by, factor, most.lasting.limit,
    )  # fmt: skip
    evidence = _evidence_of(levels, most.lasting.limit)
    if not most.lasting.found:
        names = listed([x.lasting.by for x in levels], 4)
        alike = Message("The data show no separate time effects by {}.", names)
        return Finding(HOLDS, figure, alike, evidence)
    design, strata = _by_levels(fit, by, panel)
    task = (design, panel if by in panel.roles.strata else with_stratum(panel, by))
    (numbers,) = refitted_averages(fit, [task], Message("refitting with other time effects"))
    share = detailed(
        Message("By level of {}, {:.0%} to {:.0%} of units are ever treated.", by, low, high)
    )
    if "reason" in numbers:
        lacking = Message(
            "Units of the same {} share persistent time effects (log Bayes factor {:.1f}), but a "
            "model with time effects by {} cannot be estimated ({}). The average effect may "
            "include differences between these groups.",
            by, factor, by, Message("{}", *decoded(str(numbers["reason"]))),
        )  # fmt: skip
        step = Message("Next: test shared shocks with {}.", Hint("check", "error_model"))
        return Finding(UNTOLD, figure, joined([lacking, share, advised(step)]), evidence)
    average = average_effect(fit)
    moved = (float(numbers["att"].mean()) - float(average.mean())) / float(average.std())
    if abs(moved) <= _MOVED:
        small = Message(
            "Units of the same {} share persistent time effects (log Bayes factor "
            "{:.1f}), but with them the average effect moves by only {:+z.1f} posterior "
            "SDs.",
            by, factor, moved,
        )  # fmt: skip
        return Finding(HOLDS, figure, joined([small, share]), evidence)
    large = Message(
        "Units of the same {} share persistent time effects (log Bayes factor {:.1f}); "
        "with them, the average effect moves by {:+z.1f} posterior SDs. The fitted effect "
        "includes differences between these groups that are not due to the policy.",
        by, factor, moved,
    )  # fmt: skip
    hint = Hint("time", TimeEffects(strata))
    advice = Message("Next: fit again with {}, and report both estimates.", hint)
    if by not in panel.roles.strata:
        advice = Message(
            "Next: fit again with {} and {!r} among the strata of the panel, and report both "
            "estimates.",
            hint,
            by,
        )
    return Finding(FAILS, figure, joined([large, share, advised(advice)]), evidence)


def _evidence_of(levels: Sequence[_Levels], limit: float) -> xr.Dataset:
    """Return log Bayes factors of columns, and the range of adoption between their levels."""
    return xr.Dataset(
        {
            "log_bayes_factor": ("column", [x.lasting.value for x in levels]),
            "adoption": (("column", "end"), [x.adoption for x in levels]),
        },
        coords={"column": [x.lasting.by for x in levels], "end": ["lowest", "highest"]},
        attrs={"limit": limit},
    )


def _by_levels(fit: Fit, by: str, panel: Panel) -> tuple[Design, tuple[str, ...]]:
    """Return the design with time effects by a column, and the strata of its time effects."""
    strata = (*fit.facts.time_strata(panel), by)
    pooling = fit.facts.pooling.over(fit.facts.strata(panel))
    changes: dict[str, object] = {"time": TimeEffects(strata), "effect": pooling}
    return fit.outcome_design.variant(changes), strata


def _of_contrasts(fit: Fit, pairs: list[Pair]) -> Finding:
    """Compare every contrast with level-specific and with common time effects."""
    by_level = fit.facts.time_strata(panel_of(fit))
    time = TimeEffects() if by_level else TimeEffects(_strata(fit))
    design = fit.variant(time=time)
    other = refit(fit, design)
    choices = [_label(fit), _label(other)]
    evidence = _contrasts([fit, other], choices, pairs)
    nats = _nats(fit, other)
    evidence = evidence.assign(nats=nats, refuted=bool(nats > REFUTED))
    first, second = (evidence["contrast"].isel(specification=k) for k in (0, 1))
    shift = (second - first).mean(v.SAMPLE_DIMS).to_numpy() / first.std(v.SAMPLE_DIMS).to_numpy()
    worst = int(np.argmax(np.abs(shift)))
    means = [float(draws.mean(v.SAMPLE_DIMS)[worst]) for draws in (first, second)]
    figure = Message(
        "contrast {}: {:.3f} ({}), {:.3f} ({}); {:.1f} posterior SDs apart",
        evidence["contrast_label"].to_numpy()[worst],
        means[0],
        choices[0],
        means[1],
        choices[1],
        abs(shift[worst]),
    )
    if nats > REFUTED:
        sentence = Message(
            "The data reject time effects {} in favour of time effects {} (log Bayes "
            "factor {:.0f}), so the contrasts of the fit remain valid.",
            choices[1], choices[0], nats,
        )  # fmt: skip
        return Finding(HOLDS, figure, sentence, evidence, "comparison", other)
    signs = [_conclusions(first), _conclusions(second)]
    positive = [(x > 0).mean(v.SAMPLE_DIMS).to_numpy() for x in (first, second)]
    changed = [otherwise(p, np.array([q])).any() for p, q in zip(*positive, strict=True)]
    apart = bool((np.abs(shift) > np.maximum(_FAR, _chance(first, second))).any())
    if by_level and not (fit.facts.time and fit.facts.time.pooled):
        sentence = _sentence_by_level(choices, moved=apart)
        return Finding(HOLDS, figure, sentence, evidence, "comparison", other)
    turned = bool((signs[0] * signs[1] < 0).any())
    verdict = ladder(fails=turned, doubt=apart or any(changed))
    step = advised(
        Message(
            "Next: report the contrasts of a fit with {} in the design as well.", Hint("time", time)
        )
    )
    sentence = joined([_sentence(verdict, choices), *([] if verdict == HOLDS else [step])])
    return Finding(verdict, figure, sentence, evidence, "comparison", other)


def _chance(first: xr.DataArray, second: xr.DataArray) -> npt.NDArray[np.float64]:
    """Return the change of contrasts that chance explains in 95 % of samples (Hausman 1978).

    In SDs of the first. The variance of the difference from an efficient estimate is the variance
    of the other estimate less that of the efficient one.
    """
    first_variance, second_variance = (x.var(v.SAMPLE_DIMS).to_numpy() for x in (first, second))
    return np.asarray(1.96 * np.sqrt(np.abs(second_variance - first_variance) / first_variance))


def _nats(fit: Fit, other: Fit) -> float:
    """Return the log Bayes factor for the time effects of the fit; NaN if it does not exist."""
    try:
        return behind(fit, other.outcome_design)
    except NQPError:
        return float("nan")


def _sentence(verdict: Verdict, choices: list[Message]) -> Message:
    how = Message("time effects {} and time effects {}", *choices)
    if verdict == HOLDS:
        return Message(
            "All contrasts between groups lead to the same conclusion under {}, and differ by no "
            "more than chance explains.",
            how,
        )
    if verdict == FAILS:
        return Message(
            "A contrast between groups changes sign between {}. Part of this contrast is a "
            "differential trend between the groups and not an effect of the policy.",
            how,
        )
    return Message(
        "A contrast between groups changes its conclusion, or moves by more than chance explains, "
        "between {}. Part of this contrast may be a differential trend between the groups.",
        how,
    )


def _sentence_by_level(choices: list[Message], *, moved: bool) -> Message:
    """Compare contrasts with those under common time effects, a restriction of the fit's."""
    if not moved:
        how = Message("time effects {} and time effects {}", *choices)
        return Message(
            "Contrasts between groups differ by no more than chance explains between {}.", how
        )
    return Message(
        "With time effects {1}, a contrast between groups would move by more than chance explains, "
        "because it would include a differential trend. The time effects of the fit, {0}, allow "
        "for such trends.",
        *choices,
    )


def _label(fit: Fit) -> Message:
    by, time = crossed(fit.facts.time_strata(panel_of(fit))), fit.facts.time
    if time is not None and time.pooled:
        return Message("by {}, pooled", by) if by else Message("common to all, pooled")
    return Message("by {}", by) if by else Message("common to all")


def _pairs(fit: Fit) -> list[Pair]:
    effects = group_time_effects(fit)
    identified = effects[v.IDENTIFIED].to_numpy()
    return [
        (factor, str(a), str(b))
        for factor in schema.factors(effects)
        for a, b in combinations(np.unique(effects[factor].to_numpy()[identified]), 2)
    ]


def _contrasts(fits: list[Fit], choices: list[Message], pairs: list[Pair]) -> xr.Dataset:
    """Return draws of every contrast under every specification, in equal numbers."""
    factors = list(dict.fromkeys(factor for factor, _, _ in pairs))
    groups = [{f: att(fit, f) for f in factors} for fit in fits]
    draws = [
        xr.concat(
            [contrast(by[f], {f: a}, minus=b).reset_coords(drop=True) for f, a, b in pairs],
            dim="pair",
        )
        for by in groups
    ]
    number = min(x.sizes[v.DRAW] for x in draws)
    thinned = [_thinned(x, number) for x in draws]
    names, first, second = (np.asarray(column, dtype=str) for column in zip(*pairs, strict=True))
    together = xr.concat(thinned, dim="specification").transpose(*v.SAMPLE_DIMS, ...)
    together = together.assign_coords(
        {
            "specification": np.asarray(choices, dtype=str),
            "factor": ("pair", names),
            "level": ("pair", first),
            "minus": ("pair", second),
            "contrast_label": ("pair", np.asarray([f"{a} − {b}" for _, a, b in pairs])),
            v.GATE: worst_convergence(*(by[factors[0]] for by in groups)),
        }
    )
    attrs = {**groups[0][factors[0]].attrs, "estimand": "difference of att"}
    contrasts = together.assign_attrs(attrs).to_dataset(name="contrast")
    return contrasts.assign_attrs(labels(choices))


def _thinned(draws: xr.DataArray, number: int) -> xr.DataArray:
    """Return evenly spaced draws of contrasts, with the mean and SD of all draws."""
    places = np.linspace(0, draws.sizes[v.DRAW] - 1, number).astype(np.int64)
    spaced = draws.isel({v.DRAW: places}).assign_coords({v.DRAW: np.arange(number)})
    mean, sd = spaced.mean(v.SAMPLE_DIMS), spaced.std(v.SAMPLE_DIMS)
    wider = (draws.std(v.SAMPLE_DIMS) / sd.where(sd > 0.0)).fillna(1.0)
    return (draws.mean(v.SAMPLE_DIMS) + (spaced - mean) * wider).transpose(*draws.dims)


def _conclusions(draws: xr.DataArray) -> npt.NDArray[np.int64]:
    """Return signs of the 95 % intervals: 1, −1, or 0 if they include zero."""
    flat = draws.to_numpy().reshape(-1, draws.sizes["pair"])
    low, high = np.quantile(flat, (0.025, 0.975), axis=0)
    return np.asarray((low > 0).astype(np.int64) - (high < 0))
