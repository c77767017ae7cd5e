"""Run: python -m benchmarks.further_worlds; with --only, --units, --panels, --collect.

What `benchmarks.worlds` measures, in worlds that came after the rules were set: none of them was
looked at when a check, a weight or a threshold was chosen. A row a panel in
.cache/further_worlds; `--collect` adds what is there to benchmarks/measured and
benchmarks/results/model_average.md.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .worlds import PERIODS, Collection, Draft, ar1, main


def convergence(d: Draft) -> None:
    """Units that start low grow faster; adopters start high."""
    base = d.rng.normal(0.0, 1.0, d.units)
    d.start = d.adoption(-base + d.rng.normal(0.0, 1.0, d.units))
    d.besides = base[:, None] * 0.9**d.t


def exponential(d: Draft) -> None:
    """Growth is in per cent of a size, the outcome in levels; adopters are larger."""
    size = d.rng.normal(0.0, 0.4, d.units)
    d.start = d.adoption(-size + d.rng.normal(0.0, 0.5, d.units))
    d.besides = 3.0 * np.exp(size)[:, None] * (np.exp(0.05 * d.t) - 1.0)


def misdated(d: Draft) -> None:
    """A third of adopters began two periods before the date that is recorded."""
    early = (d.rng.random(d.units) < 0.33) & d.ever[:, 0]
    d.besides = 1.0 * (early[:, None] & ((d.event == -1) | (d.event == -2)))


def outliers(d: Draft) -> None:
    """One value in two hundred is wrong by ten."""
    wrong = d.rng.random((d.units, PERIODS)) < 0.005
    d.besides = np.where(wrong, d.rng.choice([-10.0, 10.0], wrong.shape), 0.0)


def growing_noise(d: Draft) -> None:
    """Errors spread out over time, threefold."""
    d.errors = d.errors * np.linspace(0.5, 1.5, PERIODS)


def noisy_after(d: Draft) -> None:
    """After adoption errors have twice the sd; the truth is the mean that they vary about."""
    d.errors = d.errors * np.where(d.event >= 0, 2.0, 1.0)


def all_adopt(d: Draft) -> None:
    """Nobody is never treated: the default says which effects are not identified."""
    d.start = np.where(d.start == PERIODS, 10, d.start)


def few_adopt(d: Draft) -> None:
    """Four units adopt."""
    chosen = d.rng.choice(np.flatnonzero(d.ever[:, 0]), 4, replace=False)
    start = np.full(d.units, PERIODS)
    start[chosen] = d.start[chosen]
    d.start = start


def season(d: Draft) -> None:
    """Every fourth period is high for adopters."""
    d.besides = 0.8 * d.ever * (d.t % 4 == 3)


def unit_walks(d: Draft) -> None:
    """Every unit has a random walk of its own, adopters and others alike."""
    d.errors = np.cumsum(d.rng.normal(0.0, 0.6, (d.units, PERIODS)), axis=1)


def unseen_clusters(d: Draft) -> None:
    """Lasting shocks are shared by groups of ten units that no column names."""
    group = d.rng.integers(0, max(d.units // 10, 4), d.units)
    d.besides = ar1(d.rng, group.max() + 1, 0.7, 0.6)[group]


def other_policy(d: Draft) -> None:
    """A second policy, unrecorded, reaches half of adopters two periods after the first."""
    half = d.rng.random(d.units) < 0.5
    d.besides = 0.7 * (half[:, None] & (d.event >= 2))


def moving_average(d: Draft) -> None:
    """Errors are a moving average, not an autoregression."""
    e = d.rng.normal(0.0, 1.0, (d.units, PERIODS + 1))
    d.errors = e[:, 1:] + 0.8 * e[:, :-1]


def covariate_trend(d: Draft) -> None:
    """A measured trait has a slope that grows over time; adopters have more of it."""
    x = d.rng.normal(0.0, 1.0, d.units)
    d.start = d.adoption(-x + d.rng.normal(0.0, 1.0, d.units))
    d.besides, d.columns["x"] = 0.1 * x[:, None] * d.t, x


def trend_break(d: Draft) -> None:
    """Adopters of all dates grow faster from the sixth period on."""
    d.besides = 0.15 * d.ever * np.maximum(d.t - 6, 0)


def fading_shock(d: Draft) -> None:
    """Adopters are hit at one date before they adopt, and recover by a fifth a period."""
    d.besides = -1.2 * d.ever * np.where(d.t >= 3, 0.8 ** (d.t - 3), 0.0)


def quadratic(d: Draft) -> None:
    """Adopters drift along a parabola."""
    d.besides = d.ever * 0.008 * d.t**2


def recovery(d: Draft) -> None:
    """Adopters begin low and come back, whatever they adopt."""
    d.besides = -1.5 * d.ever * 0.7**d.t


def late_cohorts_drift(d: Draft) -> None:
    """The two last cohorts drift along a line."""
    d.besides = 0.1 * d.t * np.isin(d.start, [9, 10])[:, None]


def half_anticipate(d: Draft) -> None:
    """Half of the adopters respond over two periods before adoption."""
    heard = d.rng.random((d.units, 1)) < 0.5
    d.besides = heard * (0.4 * (d.event == -2) + 0.9 * (d.event == -1))


def one_region_drifts(d: Draft) -> None:
    """Adopters of one stratum drift along a line."""
    d.besides = 0.12 * d.t * (d.ever[:, 0] & (d.region == 1))[:, None]


def unrecorded(d: Draft) -> None:
    """A quarter of the never treated have the policy, from dates that no column holds."""
    some = ~d.ever[:, 0] & (d.rng.random(d.units) < 0.25)
    start = d.rng.integers(5, 10, d.units)
    d.besides = 1.0 * (some[:, None] & (d.t >= start[:, None]))


WORLDS: dict[str, Callable[[Draft], None]] = {
    x.__name__.replace("_", " "): x
    for x in (
        convergence, exponential, misdated, outliers, growing_noise, noisy_after, all_adopt,
        few_adopt, season, unit_walks, unseen_clusters, other_policy, moving_average,
        covariate_trend, trend_break, fading_shock, quadratic, recovery, late_cohorts_drift,
        half_anticipate, one_region_drifts, unrecorded,
    )
}  # fmt: skip

if __name__ == "__main__":
    main(Collection("further_worlds", WORLDS), __doc__)
