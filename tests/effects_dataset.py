"""Simulated effects in the schema of the waist, for tests of everything downstream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema

STRATA = {"region": ("inland", "coastal"), "market": ("low", "high")}


def random_effects(
    *,
    strata: Mapping[str, Sequence[str]] = STRATA,
    cohorts: Sequence[float] = (2014, 2015, 2017),
    last: int = 2018,
    units_per_cohort: int = 3,
    chains: int = 4,
    draws: int = 50,
    deviations: bool = True,
    paths: Sequence[str] = ("total",),
    drop: Sequence[tuple[str, ...]] = (),
    unidentified: Sequence[int] = (),
    sd: float = 0.2,
    gate: str = "passed",
    seed: int = 0,
    attrs: Mapping[str, str | float] | None = None,
) -> xr.Dataset:
    """Draw effects that grow with event time, differ by stratum and cohort, and vary by unit.

    Every stratum but those in `drop` has `units_per_cohort` units (one more in every second
    stratum) of each cohort, observed until `last`, less one missing row of the first unit.
    """
    rng = np.random.default_rng(seed)
    cells, members, pairs = [], [], []
    combos = [combo for combo in product(*strata.values()) if combo not in set(drop)]
    for s, combo in enumerate(combos):
        for cohort in cohorts:
            ids = range(len(members), len(members) + units_per_cohort + s % 2)
            members += [f"{'/'.join((*combo, str(cohort)))}#{i}" for i in ids]
            for time in range(int(cohort), last + 1):
                inside = [i for i in ids if not (i == 0 and time == cohorts[0] + 1)]
                pairs += [(len(cells), i, 1) for i in inside]
                cells.append((combo, cohort, time, len(inside)))
    n_cells, n_unit_effects, shape = len(cells), len(members), (chains, draws, len(paths))
    base = np.asarray([0.5 + 0.25 * (t - g) + 0.3 * combos.index(c) for c, g, t, _ in cells])
    common, own = rng.normal(size=(*shape, 1)), rng.normal(size=(*shape, n_cells))
    rows = np.asarray([cell[3] for cell in cells])
    spread = rng.normal(size=n_unit_effects)
    facts = {"outcome": "ln_output", "outcome_unit": "log points", "target": "sample"}
    return schema.build(
        base + sd * (0.5 * common + own),
        strata={name: [cell[0][f] for cell in cells] for f, name in enumerate(strata)},
        cohort=[cell[1] for cell in cells],
        time=[cell[2] for cell in cells],
        event_time=[int(cell[2] - cell[1]) for cell in cells],
        rows=rows,
        units=rows,
        identified=[i not in set(unidentified) for i in range(n_cells)],
        observed=10.0 + base,
        weight=rows * rng.uniform(0.5, 2.0, n_cells),
        deviation=0.3 * (spread + 0.4 * rng.normal(size=(*shape, n_unit_effects)))
        if deviations
        else None,
        unit_effects=members,
        membership=tuple(np.asarray(pairs).T),
        paths=paths,
        gate=gate,
        attrs=facts if attrs is None else attrs,
    )
