"""Whether contrasts between strata depend on which strata share time effects."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks.shared import FAILS, HOLDS, Finding, Verdict, asks, labels, ladder
from bayes_nqp.effects import cell_effects
from bayes_nqp.errors import NotApplicable
from bayes_nqp.estimands import att, contrast, worst_gate
from bayes_nqp.fitting import ROWS, Fit, panel_of, refit
from bayes_nqp.language import Message
from bayes_nqp.terms import TimeEffects

type Pair = tuple[str, str, str]
"""A factor and two of its levels."""


@asks(
    "Do contrasts between strata survive another choice of time effects?",
    "time effects",
    place=110,
    needs=(ROWS,),
)
def time_effects(fit: Fit) -> Finding:
    """Compare every contrast with level-specific and with common time effects."""
    panel = panel_of(fit)
    strata = fit.facts.strata(panel) or panel.roles.strata
    if not strata:
        raise NotApplicable(Message("The panel has no strata, so there is no contrast to compare."))
    time = TimeEffects() if fit.facts.time_strata(panel) else TimeEffects(strata)
    pairs = _pairs(fit)
    if not pairs:
        raise NotApplicable(Message("No factor has two levels with treated units to compare."))
    other = refit(fit, fit.variant(time=time))
    choices = [_label(fit), _label(other)]
    evidence = _contrasts([fit, other], choices, pairs)
    first, second = (evidence["contrast"].isel(specification=k) for k in (0, 1))
    shift = (second - first).mean(v.SAMPLE_DIMS).to_numpy() / first.std(v.SAMPLE_DIMS).to_numpy()
    worst = int(np.argmax(np.abs(shift)))
    signs = [_conclusions(first), _conclusions(second)]
    verdict = ladder(
        fails=(signs[0] * signs[1] < 0).any(),
        doubt=(np.abs(shift) > 1).any() or (signs[0] != signs[1]).any(),
    )
    means = [float(draws.mean(v.SAMPLE_DIMS)[worst]) for draws in (first, second)]
    figure = Message(
        "{}: {:.3f} ({}), {:.3f} ({}); {:.1f} posterior sd apart",
        evidence["contrast_label"].to_numpy()[worst],
        means[0],
        choices[0],
        means[1],
        choices[1],
        abs(shift[worst]),
    )
    return Finding(verdict, figure, _sentence(verdict, choices), evidence, "comparison", other)


def _sentence(verdict: Verdict, choices: list[Message]) -> Message:
    how = Message("time effects {} and time effects {}", *choices)
    if verdict == HOLDS:
        return Message(
            "With {}, all contrasts agree within a posterior sd and conclude the same.", how
        )
    if verdict == FAILS:
        return Message(
            "With {}, a contrast turns from one sign to the other: part of it is a trend.", how
        )
    return Message(
        "With {}, a contrast moves by more than a posterior sd or concludes differently: part of "
        "it may be a trend between strata.",
        how,
    )


def _label(fit: Fit) -> Message:
    by, time = " × ".join(fit.facts.time_strata(panel_of(fit))), fit.facts.time
    if time is not None and time.pooled:
        return Message("by {}, pooled", by) if by else Message("common to all, pooled")
    return Message("by {}", by) if by else Message("common to all")


def _pairs(fit: Fit) -> list[Pair]:
    effects = cell_effects(fit)
    identified = effects[v.IDENTIFIED].to_numpy()
    return [
        (factor, str(a), str(b))
        for factor in schema.factors(effects)
        for a, b in combinations(np.unique(effects[factor].to_numpy()[identified]), 2)
    ]


def _contrasts(fits: list[Fit], choices: list[Message], pairs: list[Pair]) -> xr.Dataset:
    """Draws of every contrast under every specification; as many of each, evenly spaced."""
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
    thinned = [
        x.isel({v.DRAW: np.linspace(0, x.sizes[v.DRAW] - 1, number).astype(np.int64)})
        .assign_coords({v.DRAW: np.arange(number)})
        for x in draws
    ]  # fmt: skip
    names, first, second = (np.asarray(column, dtype=str) for column in zip(*pairs, strict=True))
    together = xr.concat(thinned, dim="specification").transpose(*v.SAMPLE_DIMS, ...)
    together = together.assign_coords(
        {
            "specification": np.asarray(choices, dtype=str),
            "factor": ("pair", names),
            "level": ("pair", first),
            "minus": ("pair", second),
            "contrast_label": ("pair", np.asarray([f"{a} − {b}" for _, a, b in pairs])),
            v.GATE: worst_gate(*(by[factors[0]] for by in groups)),
        }
    )
    attrs = {**groups[0][factors[0]].attrs, "estimand": "difference of att"}
    contrasts = together.assign_attrs(attrs).to_dataset(name="contrast")
    return contrasts.assign_attrs(labels(choices))


def _conclusions(draws: xr.DataArray) -> npt.NDArray[np.int64]:
    """Signs of the 95 % intervals: 1, −1, or 0 where they hold zero."""
    flat = draws.to_numpy().reshape(-1, draws.sizes["pair"])
    low, high = np.quantile(flat, (0.025, 0.975), axis=0)
    return np.asarray((low > 0).astype(np.int64) - (high < 0))
