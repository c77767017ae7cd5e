"""Whether contrasts between strata depend on which strata share time effects."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks._labels import labels
from bayes_nqp.checks._needs import ROWS
from bayes_nqp.checks._refit import cautious, estimator, panel_of, refit
from bayes_nqp.checks._result import (
    DOUBT,
    FAILS,
    HOLDS,
    Finding,
    NotApplicable,
    Verdict,
    asks,
)
from bayes_nqp.effects import cell_effects
from bayes_nqp.estimands import att, contrast, worst_gate
from bayes_nqp.language import Message
from bayes_nqp.terms import TimeEffects

if TYPE_CHECKING:
    from bayes_nqp.designs import Estimator
    from bayes_nqp.fitting import Fit
    from bayes_nqp.panel import Panel

_ENDS = (0.025, 0.975)


@asks(
    "Do contrasts between strata survive another choice of time effects?",
    "time effects",
    place=110,
    needs=(ROWS,),
)
def time_effects(fit: Fit) -> Finding:
    """Compare every contrast with level-specific and with common time effects."""
    panel, design = panel_of(fit), estimator(fit)
    other = _other(design, panel)
    choices = [_label(design, panel), _label(other, panel)]
    pairs = _pairs(fit)
    if not pairs:
        raise NotApplicable(Message("No factor has two levels with treated units to compare."))
    refitted = refit(fit, other)
    evidence = _contrasts([fit, refitted], choices, pairs)
    own, second = (evidence["contrast"].isel(specification=k) for k in (0, 1))
    shift = (second - own).mean(v.SAMPLE_DIMS).to_numpy() / own.std(v.SAMPLE_DIMS).to_numpy()
    worst = int(np.argmax(np.abs(shift)))
    signs = [_conclusions(own), _conclusions(second)]
    turned = signs[0] * signs[1] < 0
    verdict: Verdict = HOLDS
    if (np.abs(shift) > 1).any() or (signs[0] != signs[1]).any():
        verdict = DOUBT
    if turned.any():
        verdict = FAILS
    names = evidence["contrast_label"].to_numpy()
    means = [float(d.mean(v.SAMPLE_DIMS)[worst]) for d in (own, second)]
    figure = Message(
        "{}: {:.3f} ({}), {:.3f} ({}); {:.1f} posterior sd apart",
        names[worst],
        means[0],
        choices[0],
        means[1],
        choices[1],
        abs(shift[worst]),
    )
    verdict, sentence = cautious(verdict, _sentence(verdict, choices), refitted)
    return Finding(verdict, figure, sentence, evidence, "comparison")


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


def _other(design: Estimator, panel: Panel) -> Estimator:
    strata = design.facts.strata(panel) or panel.roles.strata
    if not strata:
        raise NotApplicable(Message("The panel has no strata, so there is no contrast to compare."))
    if design.facts.time_strata(panel):
        return design.replace(time=TimeEffects())
    return design.replace(time=TimeEffects(strata))


def _label(design: Estimator, panel: Panel) -> Message:
    by = " × ".join(design.facts.time_strata(panel))
    if design.time is not None and design.time.pooled:
        return Message("by {}, pooled", by) if by else Message("common to all, pooled")
    return Message("by {}", by) if by else Message("common to all")


def _pairs(fit: Fit) -> list[tuple[str, str, str]]:
    effects = cell_effects(fit)
    known = effects[v.IDENTIFIED].to_numpy()
    return [
        (factor, str(a), str(b))
        for factor in schema.factors(effects)
        for a, b in combinations(np.unique(effects[factor].to_numpy()[known]), 2)
    ]


def _contrasts(
    fits: list[Fit], choices: list[Message], pairs: list[tuple[str, str, str]]
) -> xr.Dataset:
    """Draws of every contrast under every specification."""
    factors = list(dict.fromkeys(factor for factor, _, _ in pairs))
    groups = [{f: att(fit, f) for f in factors} for fit in fits]
    draws = [
        xr.concat(
            [contrast(by[f], {f: a}, minus=b).reset_coords(drop=True) for f, a, b in pairs],
            dim="pair",
        )
        for by in groups
    ]
    least = min(one.sizes[v.DRAW] for one in draws)
    draws = [_thinned(one, least) for one in draws]
    columns = [np.asarray(column, dtype=str) for column in zip(*pairs, strict=True)]
    together = xr.concat(draws, dim="specification").transpose(*v.SAMPLE_DIMS, ...)
    together = together.assign_coords(
        {
            "specification": np.asarray(choices, dtype=str),
            "factor": ("pair", columns[0]),
            "level": ("pair", columns[1]),
            "minus": ("pair", columns[2]),
            "contrast_label": ("pair", np.asarray([f"{a} − {b}" for _, a, b in pairs])),
            v.GATE: worst_gate(*(by[factors[0]] for by in groups)),
        }
    )
    attrs = {**groups[0][factors[0]].attrs, "estimand": "difference of att"}
    contrasts = together.assign_attrs(attrs).to_dataset(name="contrast")
    return contrasts.assign_attrs(labels(choices))


def _thinned(draws: xr.DataArray, number: int) -> xr.DataArray:
    """Keep some draws, evenly spaced: a refit may have more of them."""
    kept = np.linspace(0, draws.sizes[v.DRAW] - 1, number).astype(np.int64)
    return draws.isel({v.DRAW: kept}).assign_coords({v.DRAW: np.arange(number)})


def _conclusions(draws: xr.DataArray) -> npt.NDArray[np.int64]:
    """Signs of the 95 % intervals: 1, −1, or 0 where they hold zero."""
    low, high = np.quantile(draws.to_numpy().reshape(-1, draws.sizes["pair"]), _ENDS, axis=0)
    return np.asarray((low > 0).astype(np.int64) - (high < 0))
