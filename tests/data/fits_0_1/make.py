"""Make the frozen fits beside this file, and the numbers that they print.

Run at the commit that README.md names, never again: a later version must read what was written.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from exposed import exposed_frame

import bayes_nqp as nqp

HERE = Path(__file__).resolve().parent
FEW = nqp.IMH(seed=3, draws=25, chains=2)
ROLES = {"unit": "unit", "time": "time", "cohort": "cohort"}
COLUMNS = ["mean", "sd", "lower", "upper", "p_positive"]
BY = {
    "staggered": ["region", "event_time"],
    "mediation": ["region"],
    "exposure": ["region"],
    "index": ["event_time"],
}


def staggered() -> nqp.Fit:
    """Fit units of their own, with leads: every group of the file is there."""
    panel = nqp.simulation.staggered(units=10, periods=5, cohorts=(3, 4), seed=1).panel
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), controls="never")
    return nqp.fit(design, panel, FEW, progress=False)


def mediation() -> nqp.Fit:
    """Fit one channel, and one that is none."""
    frame = nqp.simulation.staggered(units=10, periods=5, cohorts=(3, 4), seed=2).panel.frame
    rng = np.random.default_rng(2)
    treated = (frame["time"] >= frame["cohort"]).astype(float)
    frame = frame.assign(
        digital=2 * treated + rng.normal(0, 0.6, len(frame)), finance=rng.normal(0, 0.6, len(frame))
    )
    frame["outcome"] += frame["digital"]
    mediators = ["digital", "finance"]
    panel = nqp.Panel.from_frame(
        frame, **ROLES, outcome="outcome", strata=["region"], mediators=mediators
    )
    return nqp.fit(nqp.Mediation(nqp.StaggeredDiD()), panel, FEW, progress=False)


def exposure() -> nqp.Fit:
    """Fit a continuous exposure."""
    panel = nqp.Panel.from_frame(
        exposed_frame(4, units=8, periods=5),
        unit="province", time="year", outcome="y", exposures=["trade"], strata=["region"],
    )  # fmt: skip
    return nqp.fit(nqp.ContinuousExposure("trade"), panel, FEW, progress=False)


def index() -> nqp.Fit:
    """Fit an index of three indicators over draws of its weights."""
    rows = nqp.simulation.staggered(units=10, periods=5, cohorts=(3, 4), seed=5).panel.frame
    rng = np.random.default_rng(3)
    keys = ("schooling", "wage", "patents")
    for power, key in enumerate(keys, start=1):
        noisy = rows["outcome"] + rng.normal(size=len(rows))
        rows = rows.assign(**{key: np.exp(0.15 * power * noisy)})
    recipe = nqp.ProductivityIndex(nqp.IndexSystem.of(list(keys)))
    made = recipe.build(rows, unit="unit", time="time")
    return nqp.fit_index(
        nqp.StaggeredDiD(nqp.CompletePooling()), made.panel(cohort="cohort"), made,
        draws=3, seed=7, sampler=FEW, progress=False,
    )  # fmt: skip


def printed(fit: nqp.Fit, by: list[str]) -> dict[str, dict[str, list[float]]]:
    """Return the numbers of the summaries of a fit."""
    draws = {one: nqp.att(fit, by=one) for one in by}
    if isinstance(fit.design, nqp.Mediation):
        draws["nie"] = nqp.nie(fit)
    tables = {name: nqp.summary(one) for name, one in draws.items()}
    return {
        name: {column: table[column].tolist() for column in COLUMNS}
        for name, table in tables.items()
    }


if __name__ == "__main__":
    numbers = {}
    for make in (staggered, mediation, exposure, index):
        made = make()
        with tempfile.TemporaryDirectory() as folder:
            content = made.save(Path(folder) / "fit.nc").read_bytes()
        path = HERE / f"{make.__name__}.nc.gz"
        path.write_bytes(gzip.compress(content, 9, mtime=0))
        numbers[make.__name__] = printed(made, BY[make.__name__])
    text = json.dumps(numbers, indent=1, ensure_ascii=False)
    (HERE / "numbers.json").write_text(text + "\n", encoding="utf-8")
