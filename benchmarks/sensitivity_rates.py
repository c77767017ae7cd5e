"""How the breakdown value tells parallel trends from others, as Markdown on stdout.

python -m benchmarks.sensitivity_rates [--replications 40] [--kept folder]

Panels of `nqp.simulation.staggered` (seeds below), to whose outcomes a violation is added, upwards
and downwards in turn, by the size of a panel and by the kind of violation. Leads and effects are
drawn given the parameters at their posterior mode. They have flat priors, so that a constant
effect of any size is added to the draws as it would be to the outcome. Interrupted runs go on
from their folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from benchmarks.pretrends import drawn
from scipy.stats import mannwhitneyu

import bayes_nqp as nqp
from bayes_nqp._core import vocabulary as v
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.fitting import batch
from bayes_nqp.inference.fitting._batch import Kept
from bayes_nqp.model.designs import lead_design
from bayes_nqp.robustness import EventStudy, trend_sensitivity

type Floats = npt.NDArray[np.float64]

SEED = 52_000
SIZES: Mapping[str, dict[str, Any]] = {
    "24 units, 10 periods": {"units": 24, "periods": 10, "cohorts": (5, 7), "never": 0.5},
    "60 units, 14 periods": {"units": 60, "periods": 14},
    "150 units, 14 periods": {"units": 150, "periods": 14},
}
EFFECTS = (0.0, 0.5, 1.0, 2.0)
"""In innovation sd."""
LIMITS = (0.25, 0.5, 1.0)


def _line(times: Floats, cohort: Floats, rng: np.random.Generator) -> Floats:
    """A line of .1 innovation sd a period in all treated units."""
    return 0.1 * times[None] * (cohort > 0)[:, None]


def _steep(times: Floats, cohort: Floats, rng: np.random.Generator) -> Floats:
    """A line of .3 a period."""
    return 3.0 * _line(times, cohort, rng)


def _lines(times: Floats, cohort: Floats, rng: np.random.Generator) -> Floats:
    """A line for each cohort, the steeper the earlier, of .1 a period on average."""
    starts = np.unique(cohort[cohort > 0])
    slope = np.interp(cohort, starts, np.linspace(0.2, 0.0, starts.size))
    return np.where(cohort > 0, slope, 0.0)[:, None] * times[None]


def _factor(times: Floats, cohort: Floats, rng: np.random.Generator) -> Floats:
    """A random walk with steps of .3 on which treated units load by one more than others."""
    walk = np.cumsum(0.3 * rng.standard_normal(times.size))
    loading = (cohort > 0) + 0.5 * rng.standard_normal(cohort.size)
    return np.asarray(loading[:, None] * walk[None])


def _bend(times: Floats, cohort: Floats, rng: np.random.Generator) -> Floats:
    """A line of .15 a period that begins two periods before adoption."""
    begins = np.where(cohort > 0, cohort - 2, np.inf)
    return 0.15 * np.maximum(times[None] - begins[:, None], 0.0)


def _none(times: Floats, cohort: Floats, rng: np.random.Generator) -> Floats:
    """Parallel trends."""
    return np.zeros((cohort.size, times.size))


def _shared(times: Floats, cohort: Floats, rng: np.random.Generator) -> Floats:
    """The same walk, with loadings that adoption has nothing to do with."""
    walk = np.cumsum(0.3 * rng.standard_normal(times.size))
    return 0.5 * rng.standard_normal(cohort.size)[:, None] * walk[None]


KINDS: Mapping[str, Callable[[Floats, Floats, np.random.Generator], Floats]] = {
    "parallel": _none,
    "parallel on average, a factor": _shared,
    "line, .1 a period": _line,
    "line, .3 a period": _steep,
    "lines by cohort": _lines,
    "factor": _factor,
    "bend": _bend,
}
PARALLEL = ("parallel", "parallel on average, a factor")


def one(size: str, kind: str, seed: int) -> dict[str, Floats]:
    """Breakdown, whether the interval excludes zero, and bias, for every size of the effect."""
    panel = staggered(**SIZES[size], level=0.0, strata={}, seed=seed).panel
    cohort = np.where(panel.cohort_codes >= 0, panel.cohort_codes + 1.0, 0.0)
    times = np.arange(1.0, panel.periods + 1)
    added = KINDS[kind](times, cohort, np.random.default_rng([seed, 1]))
    added *= 1.0 - 2.0 * (seed % 2)
    panel = panel.with_outcome(panel.outcome + added[panel.unit_codes, panel.time_codes])
    design = lead_design(nqp.StaggeredDiD(), panel)
    leads, effects = (drawn(design, panel, seed, leads=before)[1] for before in (True, False))
    study = EventStudy(leads=leads.isel({v.CELL: leads[v.IDENTIFIED].to_numpy()}), effects=effects)
    found = []
    for level in EFFECTS:
        moved = effects.assign({v.EFFECT: effects[v.EFFECT] + level})
        robust = trend_sensitivity(replace(study, effects=moved), grid=[0, 1], prior=None)
        low, high = float(robust["original_lower"]), float(robust["original_upper"])
        found.append([float(robust["breakdown"]), not low <= 0 <= high])
    return {"found": np.array(found, dtype=np.float64)}


def rates(given: argparse.Namespace) -> dict[tuple[str, str], Floats]:
    """Results (replication, effect, what) of every size and kind."""
    found = {}
    for i, size in enumerate(SIZES):
        for j, kind in enumerate(KINDS):
            start = SEED + 10_000 * i + 1_000 * j
            many = given.replications * (2 if kind in PARALLEL else 1)
            tasks = {f"{size} {kind} {start + k}": (size, kind, start + k) for k in range(many)}
            kept = Kept(given.kept) if given.kept else None
            results = batch(one, tasks, store=kept, work=f"{size}, {kind}")
            found[size, kind] = np.stack([numbers["found"] for numbers in results.values()])
    return found


def _row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |")


def _share(values: npt.NDArray[np.bool_]) -> str:
    return f"{values.mean():.0%}" if values.size else "–"


def by_kind(found: Mapping[tuple[str, str], Floats]) -> None:
    """Print, for an effect of one, how breakdown values are spread."""
    _row("panel", "trends", "panels", "interval excludes 0", "median M̄", "middle half",
         "M̄ ≥ 1", "M̄ < .5")  # fmt: skip
    _row("---", "---", *["---:"] * 6)
    for (size, kind), table in found.items():
        value, clear = table[:, EFFECTS.index(1.0)].T
        low, middle, high = np.quantile(value[clear > 0], [0.25, 0.5, 0.75])
        _row(size, kind, len(table), _share(clear > 0), f"{middle:.2f}", f"{low:.2f} to {high:.2f}",
             _share(value[clear > 0] >= 1), _share(value[clear > 0] < 0.5))  # fmt: skip


def pooled(
    found: Mapping[tuple[str, str], Floats], size: str | None, effect: float, parallel: bool
) -> Floats:
    """Breakdown values of panels whose interval excludes zero."""
    tables = [
        table[:, EFFECTS.index(effect)]
        for (where, kind), table in found.items()
        if (size is None or where == size) and (kind in PARALLEL) is parallel
    ]
    value, clear = np.concatenate(tables).T
    return np.asarray(value[clear > 0])


def by_limit(found: Mapping[tuple[str, str], Floats]) -> None:
    """Print how well limits on M̄ tell panels apart."""
    _row("panel", "effect", "parallel", "not", "area under the curve",
         *[f"M̄ ≥ {x:g}: parallel, not" for x in LIMITS])  # fmt: skip
    _row("---", *["---:"] * (4 + len(LIMITS)))
    for size in (*SIZES, None):
        for effect in EFFECTS[1:]:
            calm, moved = (pooled(found, size, effect, kind) for kind in (True, False))
            area = mannwhitneyu(calm, moved).statistic / (calm.size * moved.size)
            shares = [f"{_share(calm >= x)}, {_share(moved >= x)}" for x in LIMITS]
            _row(size or "all", f"{effect:g}", calm.size, moved.size, f"{area:.2f}", *shares)


def false_claims(found: Mapping[tuple[str, str], Floats]) -> None:
    """Print M̄ where there is no effect but the interval excludes zero."""
    _row("panel", "violated, no effect", "interval excludes 0", "median M̄",
         "of these M̄ ≥ .5", "M̄ ≥ 1")  # fmt: skip
    _row("---", *["---:"] * 5)
    for size in SIZES:
        kinds = [t for (where, kind), t in found.items() if where == size and kind not in PARALLEL]
        wrong = pooled(found, size, 0.0, False)
        _row(size, sum(map(len, kinds)), wrong.size, f"{np.median(wrong):.2f}",
             _share(wrong >= 0.5), _share(wrong >= 1))  # fmt: skip


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=40)
    parser.add_argument("--kept")
    given = parser.parse_args()
    found = rates(given)
    for show in (by_kind, by_limit, false_claims):
        show(found)
        print(flush=True)


if __name__ == "__main__":
    main()
