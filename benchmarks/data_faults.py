"""Run: python -m benchmarks.data_faults [--panels 100] [--faulty 40] [--store folder]

How often the check `data` speaks of panels that are as they seem, and of panels with one fault
each. Of a fit it takes the posterior sd of the average effect alone: one fit a world serves all of
its panels. Panels and seeds stand here; verdicts are kept, and an interrupted run goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import bayes_nqp as nqp
from bayes_nqp.inference.fitting import Kept, batch

type Array = npt.NDArray[np.float64]
type Change = Callable[[Array, np.random.Generator], Array]
type Make = Callable[[int], nqp.Panel]

STORE = Path(__file__).resolve().parents[1] / ".cache" / "data_faults"
VERDICTS = ("passed", "caution", "failed")
SIZES: Mapping[str, dict[str, Any]] = {
    "24 × 8": {"units": 24, "periods": 8, "cohorts": (4, 6)},
    "60 × 14": {"units": 60, "periods": 14},
    "300 × 13": {"units": 300, "periods": 13},
}


def same(y: Array, rng: np.random.Generator) -> Array:
    """Leave outcomes as they are."""
    return y


def staggered(number: int, change: Change = same, size: str = "60 × 14", **more: Any) -> nqp.Panel:
    """Simulate a panel, and change its table of outcomes (unit, period); NaN is no row."""
    panel = nqp.simulation.staggered(**{**SIZES[size], **more}, seed=number).panel
    return changed(panel, change, number)


def changed(panel: nqp.Panel, change: Change, number: int) -> nqp.Panel:
    """Change the outcomes of a panel."""
    y = np.full((panel.n_units, panel.periods), np.nan)
    y[panel.unit_codes, panel.time_codes] = panel.outcome
    new = change(y, np.random.default_rng((number, 1)))[panel.unit_codes, panel.time_codes]
    frame = panel.frame.assign(**{panel.roles.outcome: new})[np.isfinite(new)]
    return nqp.Panel.from_frame(frame, **panel.arguments)


def tails(rng: np.random.Generator, units: int, periods: int) -> Array:
    """AR(1) errors of .5 with t(3) innovations."""
    out = rng.standard_t(3, size=(units, periods))
    for t in range(1, periods):
        out[:, t] += 0.5 * out[:, t - 1]
    return out


def unequal(y: Array, rng: np.random.Generator) -> Array:
    """Units whose sd's are lognormal, with a sd of .8."""
    mean = y.mean(axis=1, keepdims=True)
    return mean + (y - mean) * np.exp(0.8 * rng.normal(size=(len(y), 1)))


def held(number: int, size: str, *, moved: float = 0.0, drift: float = 0.0) -> nqp.Panel:
    """A covariate with AR(1) errors of .8 that the outcome follows, and a level of treatment."""
    panel, rng = staggered(number, size=size), np.random.default_rng((number, 2))
    x = rng.normal(size=(panel.n_units, panel.periods))
    for t in range(1, panel.periods):
        x[:, t] += 0.8 * x[:, t - 1]
    adopts, periods = (panel.cohort_codes >= 0)[:, None], np.arange(panel.periods)
    x += drift * adopts * periods + moved * (adopts & (periods >= panel.cohort_codes[:, None]))
    frame = panel.frame.assign(x=x[panel.unit_codes, panel.time_codes])
    frame["outcome"] += 0.5 * frame["x"]
    return nqp.Panel.from_frame(frame, **(panel.arguments | {"covariates": ["x"]}))


CLEAN: dict[str, Make] = {
    **{f"AR(1) of {rho}, {size}": partial(staggered, size=size, rho=rho)
       for size in SIZES for rho in (0.0, 0.5, 0.8)},
    "t(3), 60 × 14": partial(staggered, noise=tails),
    "t(3), 300 × 13": partial(staggered, noise=tails, size="300 × 13"),
    "unequal variances, 60 × 14": partial(staggered, change=unequal),
    "unequal variances, 300 × 13": partial(staggered, change=unequal, size="300 × 13"),
    "10 % gaps, 60 × 14": partial(staggered, missing=0.1),
    "10 % gaps, 300 × 13": partial(staggered, missing=0.1, size="300 × 13"),
    "two decimals, 300 × 13": partial(
        staggered, change=lambda y, rng: y.round(2), size="300 × 13"),
    "whole numbers of sd 1, 300 × 13": partial(
        staggered, change=lambda y, rng: y.round(), size="300 × 13"),
    "whole numbers of sd 10, 300 × 13": partial(
        staggered, change=lambda y, rng: (10.0 * y).round(), size="300 × 13"),
    "counts, 300 × 13": partial(
        staggered, change=lambda y, rng: rng.poisson(np.exp(y.clip(-4, 4) / 2)) * 1.0,
        size="300 × 13"),
    "logarithms of counts, 300 × 13": partial(
        staggered, change=lambda y, rng: np.log1p(rng.poisson(np.exp(1 + y.clip(-4, 4) / 2))),
        size="300 × 13"),
    "bounded below, 60 × 14": partial(staggered, change=lambda y, rng: np.maximum(y, 0.0)),
    "levels with a lognormal size, 300 × 13": partial(
        staggered, change=lambda y, rng: np.exp(0.3 * y + 2.0 * rng.normal(size=(len(y), 1))),
        size="300 × 13"),
    "random walks, 60 × 14": partial(
        staggered, change=lambda y, rng: y + rng.normal(size=y.shape).cumsum(axis=1)),
    "two factors, 60 × 14": partial(staggered, drift="two factors"),
    "a covariate, 60 × 14": partial(held, size="60 × 14"),
    "a covariate that drifts with adopters, 60 × 14": partial(held, size="60 × 14", drift=0.3),
    "cities (285 × 14, 2 covariates, 3 channels)": lambda k: nqp.simulation.cities(seed=k).panel,
    "firms (400 of them, entry and gaps)": lambda k: nqp.simulation.firms(
        n_firms=400, cities=60, newcomers=0.3, seed=k).panel,
    "provinces (31 × 12, an exposure)": lambda k: nqp.simulation.provinces(seed=k).panel,
}  # fmt: skip


def copies(change: Change = same, periods: slice = slice(None)) -> Change:
    """Three units have what others have."""

    def apply(y: Array, rng: np.random.Generator) -> Array:
        a, b = rng.permutation(len(y))[:6].reshape(2, 3)
        out = y.copy()
        out[a, periods] = change(y[b], rng)[:, periods]
        return out

    return apply


def a_third(y: Array, rng: np.random.Generator) -> Array:
    """A third of units has the outcome of units beyond it."""
    order, out = rng.permutation(len(y)), y.copy()
    out[order[: len(y) // 3]] = y[order[len(y) // 3 :][: len(y) // 3]]
    return out


def exchanged(y: Array, rng: np.random.Generator) -> Array:
    """A third of units has the outcomes of one another."""
    who, out = rng.permutation(len(y))[: len(y) // 3], y.copy()
    out[who] = y[np.roll(who, 1)]
    return out


def lines(share: float = 1.0, noise: float = 0.0, digits: int | None = None) -> Change:
    """Every second period lies between its neighbours."""

    def apply(y: Array, rng: np.random.Generator) -> Array:
        who, out = rng.random(len(y)) < share, y.copy()
        for t in range(1, y.shape[1] - 1, 2):
            out[who, t] = (y[who, t - 1] + y[who, t + 1]) / 2 + noise * rng.normal(size=who.sum())
        return out if digits is None else out.round(digits)

    return apply


def carried(share: float) -> Change:
    """A share of values is that of the period before."""

    def apply(y: Array, rng: np.random.Generator) -> Array:
        out = y.copy()
        for t in range(1, y.shape[1]):
            still = rng.random(len(y)) < share
            out[still, t] = out[still, t - 1]
        return out

    return apply


def measured(factor: float, since: int = 0) -> Change:
    """Positive outcomes, those of a unit in other units of measurement."""

    def apply(y: Array, rng: np.random.Generator) -> Array:
        out = np.exp(0.3 * y + 3.0)
        out[rng.integers(len(y)), since:] *= factor
        return out

    return apply


def coded(y: Array, rng: np.random.Generator) -> Array:
    """Six values are codes, 999."""
    out = y.copy()
    out[rng.integers(0, y.shape[0], 6), rng.integers(0, y.shape[1], 6)] = 999.0
    return out


def leaving(number: int, size: str, hazard: float) -> nqp.Panel:
    """Adopters leave with a hazard in every period after adoption."""
    panel = staggered(number, size=size)
    cohort = panel.cohort_codes

    def apply(y: Array, rng: np.random.Generator) -> Array:
        out = y.copy()
        for i in np.flatnonzero(cohort >= 0):
            stay = int(cohort[i]) + int(rng.geometric(hazard))
            out[i, stay:] = np.nan
        return out

    return changed(panel, apply, number)


def beside(number: int, lead: int, change: Change = same, size: str = "60 × 14") -> nqp.Panel:
    """A covariate that is the outcome of another period; noise where there is none."""
    panel, rng = staggered(number, size=size), np.random.default_rng((number, 3))
    y, x = np.full((2, panel.n_units, panel.periods), np.nan)
    y[panel.unit_codes, panel.time_codes] = panel.outcome
    there = np.arange(panel.periods) + lead
    seen = (there >= 0) & (there < panel.periods)
    x[:, seen] = y[:, there[seen]]
    x = change(np.where(np.isfinite(x), x, rng.normal(size=x.shape)), rng)
    frame = panel.frame.assign(x=x[panel.unit_codes, panel.time_codes])
    return nqp.Panel.from_frame(frame, **(panel.arguments | {"covariates": ["x"]}))


def of_an_index(number: int) -> nqp.Panel:
    """Cities a third of which have the index of one another; the file holds the indicators."""
    return changed(nqp.simulation.cities(seed=number).panel, exchanged, number)


def faults(size: str) -> dict[str, Make]:
    """One fault each, in panels of a size."""
    made = partial(partial, staggered, size=size)
    return {
        "three units are copies": made(change=copies()),
        "the same, plus a constant": made(
            change=copies(lambda y, rng: y + rng.normal(size=(3, 1)))),
        "the same, a linear function": made(change=copies(lambda y, rng: 3.0 - 2.0 * y)),
        "the same, four periods": made(change=copies(periods=slice(2, 6))),
        "the same, with noise of 1 %": made(
            change=copies(lambda y, rng: y + 0.01 * rng.normal(size=y.shape))),
        "the same, whole numbers of sd 10": made(
            change=lambda y, rng: copies()((10.0 * y).round(), rng)),
        "the same, whole numbers of sd 1": made(change=lambda y, rng: copies()(y.round(), rng)),
        "a third has the outcome of others": made(change=a_third),
        "a third has that of one another": made(change=exchanged),
        "the same, effects of 10": made(change=exchanged, level=10.0),
        "every second period interpolated": made(change=lines()),
        "the same, of a third of units": made(change=lines(0.33)),
        "the same, two decimals": made(change=lines(digits=2)),
        "the same, with noise of .1": made(change=lines(noise=0.1)),
        "the same, with noise of .3": made(change=lines(noise=0.3)),
        "5 % carried forward": made(change=carried(0.05)),
        "a period has the values of another": made(
            change=lambda y, rng: np.column_stack([y[:, :3], y[:, 2], y[:, 4:]])),
        "a unit times 10⁴": made(change=measured(1e4)),
        "the same, from the sixth period on": made(change=measured(1e4, 5)),
        "a unit times 10, from then on": made(change=measured(10.0, 5)),
        "six codes 999": made(change=coded),
        "adopters leave, hazard .1": partial(leaving, size=size, hazard=0.1),
        "adopters leave, hazard .2": partial(leaving, size=size, hazard=0.2),
        "a covariate is the next outcome": partial(beside, lead=1, size=size),
        "the same covariate, with noise of .3": partial(
            beside, lead=1, size=size, change=lambda x, rng: x + 0.3 * rng.normal(size=x.shape)),
        "a covariate is a function of the next outcome": partial(
            beside, lead=1, size=size, change=lambda x, rng: np.tanh(x)),
        "a covariate is the last outcome": partial(beside, lead=-1, size=size),
        "a covariate is exp(outcome / 2)": partial(
            beside, lead=0, size=size, change=lambda x, rng: np.exp(x / 2)),
        "treatment moves a covariate by 1 (sd 1.7)": partial(held, size=size, moved=1.0),
        "treatment moves a covariate by 2": partial(held, size=size, moved=2.0),
    }  # fmt: skip


def design_of(panel: nqp.Panel) -> nqp.Mediation | nqp.ContinuousExposure | nqp.StaggeredDiD:
    """The design that a panel's roles call for."""
    roles, pooled = panel.roles, nqp.CompletePooling(varying=None)
    design: Any = nqp.StaggeredDiD(pooled, unidentified="drop")
    if roles.exposures:
        design = nqp.ContinuousExposure(roles.exposures[0], pooled)
    return nqp.Mediation(design, list(roles.mediators)) if roles.mediators else design


@cache
def fitted(make: Make) -> nqp.Fit:
    """One fit of a world."""
    panel = make(0)
    sampler = nqp.Importance(draws=200, seed=1)
    return nqp.fit(design_of(panel), panel, sampler, progress=False, threads=1)


def one(make: Make, number: int) -> dict[str, np.ndarray]:
    """Ask of a panel."""
    fit = replace(fitted(make), panel=make(number))
    return {"verdict": np.array(VERDICTS.index(nqp.check(fit, "data", progress=False).verdict))}


def rates(name: str, make: Make, panels: int, store: Kept) -> Array:
    """Shares of panels in which it is in doubt, and in which it fails."""
    tasks = {f"{name} {k}": (make, k) for k in range(1, panels + 1)}
    if any(key not in store for key in tasks):
        fitted(make)
    found = batch(one, tasks, store=store, work=name)
    verdicts = np.array([int(numbers["verdict"]) for numbers in found.values()])
    return np.array([(verdicts == 1).mean(), (verdicts == 2).mean()])


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=100)
    parser.add_argument("--faulty", type=int, default=40)
    parser.add_argument("--store", type=Path, default=STORE)
    given = parser.parse_args()
    store = Kept(given.store)
    print("| clean panels | panels | in doubt | fails |\n| --- | ---: | ---: | ---: |")
    for name, make in CLEAN.items():
        doubt, fails = rates(name, make, given.panels, store)
        print(f"| {name} | {given.panels} | {doubt:.2f} | {fails:.2f} |", flush=True)
    every = {size: faults(size) for size in SIZES}
    names = list(every["60 × 14"])
    heads = " | ".join(f"{size}: in doubt | fails" for size in SIZES)
    print(f"\n| fault | {heads} |\n| --- |{' ---: |' * 2 * len(SIZES)}")
    for name in names:
        found = [rates(f"{name}, {k}", every[k][name], given.faulty, store) for k in SIZES]
        cells = np.concatenate(found)
        print(f"| {name} | " + " | ".join(f"{x:.2f}" for x in cells) + " |", flush=True)
    doubt, fails = rates("an index", of_an_index, given.faulty // 4, store)
    print(f"\nCities a third of which have one another's index: {doubt:.2f} | {fails:.2f}")


if __name__ == "__main__":
    main()
