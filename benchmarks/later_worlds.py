"""Run: python -m benchmarks.later_worlds; with --only, --units, --panels, --collect.

What `benchmarks.worlds` measures, in five scenarios that were written after the prior and the
thresholds of version 0.2 were fixed. `--collect` adds what is there to benchmarks/measured and
benchmarks/results/model_average.md.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .worlds import PERIODS, Collection, Draft, main


def turning(d: Draft) -> None:
    """Adopters grow faster until the sixth period, and slower after it."""
    d.besides = 0.1 * d.ever * (np.minimum(d.t, 5) - np.maximum(d.t - 5, 0))


def fading(d: Draft) -> None:
    """Trends are parallel; effects fade by a fifth a period, and units differ in variance."""
    d.effect = 1.5 * 0.8 ** np.maximum(d.t - d.start[:, None], 0)
    d.errors = d.errors * d.rng.gamma(8.0, 1 / 8.0, (d.units, 1)) ** 0.5


def late_anticipate(d: Draft) -> None:
    """Only the two last cohorts respond, over the two periods before adoption."""
    late = np.isin(d.start, [9, 10])[:, None]
    d.besides = late * (0.5 * (d.event == -2) + 0.9 * (d.event == -1))


def opposite(d: Draft) -> None:
    """Adopters drift up along a line in one stratum, and down in the other."""
    d.besides = 0.1 * d.ever * d.t * np.where(d.region == 1, 1.0, -1.0)[:, None]


def drift_and_dip(d: Draft) -> None:
    """Adopters drift along a line, and each adopts after its worst year among four."""
    d.besides = 0.06 * d.ever * d.t
    worst = 5 + np.argmin(d.errors[:, 4:8], axis=1)
    d.start = np.where(d.ever[:, 0], np.minimum(worst, 10), PERIODS)


WORLDS: dict[str, Callable[[Draft], None]] = {
    x.__name__.replace("_", " "): x
    for x in (turning, fading, late_anticipate, opposite, drift_and_dip)
}


if __name__ == "__main__":
    main(Collection("later_worlds", WORLDS, 40_000), __doc__)
