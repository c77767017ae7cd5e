"""The average effect under each assumption about trends, with placebos and predictions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import xarray as xr
from annotated_types import Ge

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import (
    ConvergenceError,
    IdentificationError,
    NotApplicable,
    NQPError,
    PanelError,
)
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, Sized, detailed, joined, listed, separated, spanned
from bayes_nqp.checks.shared import (
    DOUBTFUL,
    HOLDS,
    Finding,
    Guide,
    after_adoption,
    asks,
    certain,
    labels,
    ladder,
    on_request,
    reason,
    thinned,
)
from bayes_nqp.checks.trends._differential_trend import trend_design
from bayes_nqp.checks.trends._placebo import moved_back, placebo_design, placebos
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, convergence_of
from bayes_nqp.inference.fitting import (
    ADOPTION,
    REFITS,
    ROWS,
    SEPARATE,
    SHORT,
    Fit,
    apart,
    held_out,
    lead_fit,
    panel_of,
    reached_rows,
    short_refit,
)
from bayes_nqp.model.designs import Design, DifferentialTrends, saturated_design
from bayes_nqp.model.pooling import flat_pooling

PARALLEL = Message("parallel trends")
LINE = Message("a linear differential trend")
DIFFERENTIAL_TRENDS = Message("differential trends")

_FAR = 2.0
"""Posterior SDs, under parallel trends, by which effects may differ."""
_LAST = 2
"""Number of periods before adoption that are predicted from earlier ones."""


@dataclass(frozen=True, slots=True, eq=False)
class _Assumption:
    """Results of a design on its panel, under one assumption about trends.

    Parameters
    ----------
    effects, placebo : Dataset
        Effects datasets with the actual and the placebo adoption dates. The placebo is None if no
        cohort has enough periods.
    contradicted : bool
        True if `placebo_time` does not pass under this assumption.
    held_out : float
        Log predictive density of the last periods before adoption; missing without such periods.
    """

    name: Message
    effects: xr.Dataset
    placebo: xr.Dataset | None
    contradicted: bool
    held_out: float


@asks(
    "Does the average effect depend on the assumption about trends?",
    "assumptions",
    place=32,
    needs=(ADOPTION, ROWS, REFITS, SEPARATE),
    suits=on_request,
    guide=Guide(
        statistic=Message(
            "Average effect under parallel trends, a linear differential trend and "
            "flexible differential trends. Each is reported with the effect of a placebo "
            "adoption date, and with the log predictive density of the last periods "
            "before adoption given earlier ones."
        ),
        thresholds=Message(
            "Caution in three cases. The credible sign of the average effect differs "
            "between assumptions. The effect differs by more than {0:.0f} posterior SDs "
            "from that under parallel trends. Placebo dates contradict an assumption "
            "(adjusted tail probability below {1:.0%}). Passed: otherwise.",
            _FAR,
            DOUBTFUL,
        ),
        failure=Message("The conclusion depends on an assumption that the data do not settle."),
        remedy=Message(
            "report the model average, {}, and the effects under all assumptions",
            Code("nqp.model_average(fit)", "model_average.csv"),
        ),
        code="average = nqp.model_average(fit)\naverage.table",
        literature="Roth (2022); Rambachan and Roth (2023)",
        limits=Message(
            "A divergence that begins with adoption is part of the effect under every assumption."
        ),
    ),
)
def assumptions(fit: Fit, *, periods: Annotated[int, Ge(1)] = 2) -> Finding:
    """Compare the effect under parallel, linear differential and flexible differential trends.

    Each assumption is reported with the effect of a placebo adoption date, estimated on
    observations before the actual adoption, and with its prediction of the last two periods before
    adoption from all earlier ones. No average is computed. The check passes if all assumptions lead
    to the same conclusion, within two posterior SDs of parallel trends, and no placebo contradicts
    one, by the rule of `placebo_time`. Otherwise the verdict is caution.

    Parameters
    ----------
    periods : int, default 2
        Number of periods by which the placebo adoption date is earlier.
    """
    lines, lost = [], []
    for name, design, panel in _designs(fit):
        try:
            lines.append(_fitted(fit, name, design, panel, periods))
        except (IdentificationError, ConvergenceError, PanelError) as error:
            lost.append(Message("{}: {}", name, reason(error)))
    if len(lines) < 2:
        raise NotApplicable(
            Message(
                "No alternative assumption about trends can be estimated ({}).", listed(lost, 3)
            )
        )
    factors = fit.facts.strata(panel_of(fit))
    evidence = _evidence(lines, factors).assign_attrs(periods=periods)
    average = evidence.isel(group=0)
    signs = {certain(average["att"].sel(assumption=line.name)) for line in lines}
    shown = [line.name for line in lines if line.contradicted]
    means = average["att"].mean(v.SAMPLE_DIMS).to_numpy()
    far = np.abs(means - means[0]) > _FAR * float(average["att"].isel(assumption=0).std())
    disagree = len(signs) > 1 or bool(far.any())
    evidence = evidence.assign_attrs(disagree=int(disagree))
    verdict = ladder(doubt=disagree or shown)
    figure = separated([_number(average, line.name) for line in lines])
    sentence = joined(
        [
            _span(average, lines, disagree=disagree),
            _placebos(shown, lines, disagree=disagree),
            detailed(_effects(average, lines)),
        ]
    )
    return Finding(verdict, figure, sentence, evidence, "assumptions")


def _designs(fit: Fit) -> Iterator[tuple[Message, Design, Panel]]:
    """Yield the assumptions that are possible for a fit, parallel trends first."""
    plain, panel = apart(fit)
    if fit.takes("unidentified"):
        plain = plain.variant({"unidentified": "drop"})
    differential_trends = fit.takes("trends")
    parallel = plain.variant({"trends": None}) if differential_trends else plain
    yield PARALLEL, parallel, panel
    flat = lead_fit(fit)
    assert flat.leads is not None
    _, wider, names, _ = trend_design(flat.outcome_design, panel, flat.leads)
    changes: dict[str, object] = {}
    if plain.facts.covariates is not None:
        changes["covariates"] = (*plain.facts.covariates, *names)
    yield LINE, parallel.variant(changes), wider
    if differential_trends:
        trends = fit.facts.term(DifferentialTrends) or DifferentialTrends()
        yield DIFFERENTIAL_TRENDS, plain.variant({"trends": trends}), panel


def _fitted(fit: Fit, name: Message, design: Design, panel: Panel, periods: int) -> _Assumption:
    facts = design.facts
    ahead = facts.anticipation
    effect = flat_pooling(facts.varying)
    flat = saturated_design(design, panel, effect=effect, unidentified="drop")
    trends = facts.term(DifferentialTrends)
    if trends is not None:
        flat = flat.variant({"trends": trends})
    start = np.asarray(panel.cohort_codes)[panel.unit_codes] - ahead
    last = (start >= 0) & (panel.time_codes < start) & (panel.time_codes >= start - _LAST)
    try:
        predicted = held_out(flat, panel, panel.where(~last))
    except NQPError:
        predicted = np.nan
    effects = (
        group_time_effects(fit) if _is_fit(fit, design, panel) else short_refit(fit, design, panel)
    )
    try:
        judged = placebos(fit, design, panel)
        early = moved_back(panel, periods, ahead, reached_rows(fit))
        placebo = short_refit(fit, placebo_design(fit, design), early)
    except (NotApplicable, NQPError):
        return _Assumption(name, effects, None, False, predicted)
    return _Assumption(name, effects, placebo, judged.verdict != HOLDS, predicted)


def _is_fit(fit: Fit, design: Design, panel: Panel) -> bool:
    """Return True if the fit has this design and panel, so that its draws can be used."""
    fitted_design = fit.design
    if fit.takes("unidentified"):
        fitted_design = fitted_design.variant({"unidentified": "drop"})
    return fitted_design == design and panel.digest == panel_of(fit).digest


def _evidence(lines: list[_Assumption], factors: tuple[str, ...]) -> xr.Dataset:
    """Return draws by assumption and group, and predictions by assumption."""
    groups = _groups(lines[0].effects, factors)
    variables = {
        name: (
            (*v.SAMPLE_DIMS, "assumption", "group"),
            np.stack([_averages(getattr(line, of), groups) for line in lines], 2),
        )
        for name, of in (("att", "effects"), ("placebo", "placebo"))
    }
    gates = [convergence_of(line.effects) for line in lines]
    return xr.Dataset(
        {**variables, "held_out": ("assumption", [line.held_out for line in lines])},
        coords={
            "assumption": np.array([line.name for line in lines], dtype=str),
            "group": np.array([level for _, level in groups], dtype=str),
            v.GATE: next((gate for gate in gates if gate != v.PASSED), v.PASSED),
        },
        attrs={"outcome": str(lines[0].effects.attrs.get("outcome", "")),
               **labels([line.name for line in lines])},
    )  # fmt: skip


def _groups(effects: xr.Dataset, factors: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return factor and level: first all treated units, then each level of each factor."""
    levels = [
        (factor, str(level)) for factor in factors for level in np.unique(effects[factor].values)
    ]
    return [("", ""), *levels]


def _averages(effects: xr.Dataset | None, groups: list[tuple[str, str]]) -> Array:
    """Return average effects (chain, draw, group), with as many draws as short refits.

    Missing for groups without an effect.
    """
    effects = None if effects is None else after_adoption(effects)
    out = []
    for factor, level in groups:
        part = effects
        if part is not None and factor:
            part = part.isel({v.CELL: part[factor].values.astype(str) == level})
        cells = part is not None and bool(part.sizes[v.CELL])
        out.append(
            thinned(att(part).transpose(*v.SAMPLE_DIMS))
            if part is not None and cells
            else np.full(SHORT, np.nan)
        )
    return np.stack(out, axis=-1)


def _number(average: xr.Dataset, name: Message) -> Message:
    line = average.sel(assumption=name)
    words = Message(
        "{}: {:.3g} (SD {:.2g})",
        name,
        Sized(float(line["att"].mean()), sd := float(line["att"].std())),
        sd,
    )
    placebo, held_out = line["placebo"], float(line["held_out"])
    if not placebo.isnull().any():
        size = (float(placebo.mean()), float(placebo.std()))
        words = Message("{}, placebo {:.3g} (SD {:.2g})", words, *size)
    if np.isnan(held_out):
        return words
    return Message("{}, log predictive density {:.1f}", words, held_out)


def _span(average: xr.Dataset, lines: list[_Assumption], *, disagree: bool) -> Message:
    """Return the range of the average effect over assumptions."""
    draws = [average["att"].sel(assumption=line.name) for line in lines]
    sd = float(draws[0].std())
    means = [Sized(float(x.mean()), sd) for x in draws]
    low, high = int(np.argmin(means)), int(np.argmax(means))
    parts = (means[low], lines[low].name, means[high], lines[high].name)
    if disagree:
        return Message(
            "The average effect depends on the assumption about trends: it ranges from {:.2g} "
            "under {} to {:.2g} under {}.",
            *parts,
        )
    return Message(
        "The conclusion is the same under all assumptions about trends; the average effect ranges "
        "from {:.2g} under {} to {:.2g} under {}.",
        *parts,
    )


def _effects(average: xr.Dataset, lines: list[_Assumption]) -> Message:
    """Return the effect under every assumption, with its interval."""
    parts = []
    for line in lines:
        draws = average["att"].sel(assumption=line.name)
        low, high = np.quantile(draws, (0.025, 0.975))
        parts.append(Message("{} under {}", spanned(float(draws.mean()), low, high), line.name))
    return Message("The average effect is {}.", listed(parts, len(parts)))


def _placebos(shown: list[Message], lines: list[_Assumption], *, disagree: bool) -> Message:
    """Return the assumptions that placebo adoption dates contradict."""
    if all(line.placebo is None for line in lines):
        return detailed(
            Message("No cohort has enough periods before adoption for a placebo adoption date.")
        )
    if len(shown) == len(lines):
        return Message(
            "A placebo adoption date shows an effect under every assumption, so none of them "
            "describes the periods before adoption."
        )
    if shown:
        return Message(
            "A placebo adoption date shows an effect under {}, which contradicts this assumption.",
            listed(shown, 3),
        )
    if disagree:
        return Message(
            "A placebo adoption date shows no effect under any of them, so placebo tests do not "
            "help to choose between the assumptions."
        )
    return Message("A placebo adoption date shows no effect under any of them.")
