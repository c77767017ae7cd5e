"""Run: python -m benchmarks.moderators --panels 100; an interrupted run goes on.

Coverage of 95 % intervals of effect curves (`SmoothModerator`), with 60 units over 14 periods and
285 over 12. Errors are AR(1) with 0.5 and SD 1, effects differ between units with SD 0.3, and the
moderator x is standard normal. Quantities are the effect curve at quantiles of x among treated
units (10, 50 and 90 %), the difference between its ends, and the average effect. In the world
"trends along x" effects do not depend on x, but untreated outcomes do, by x² times the period; in
"selection" units with a high x adopt earlier and have other trends. Rows "without time" leave out
the dependence of untreated outcomes on x (``time="none"``).
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import bayes_nqp as nqp

from ._coverage import COVERS, ERROR, SD, against
from ._store import ROOT, Store
from .earned import markdown

STORE = Store("moderators", ("world", "number"))
PAGE = ROOT / "benchmarks" / "results" / "moderators.md"
SEED = 64_000_000
SHAPES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float, bool]] = {
    "no dependence": (np.zeros_like, 0.0, False),
    "line": (lambda x: 0.5 * x, 0.0, False),
    "sine": (lambda x: np.sin(1.5 * x), 0.0, False),
    "step": (lambda x: 1.0 * (x > 0.0), 0.0, False),
    "trends along x": (np.zeros_like, 0.05, False),
    "selection": (lambda x: 0.3 * x**2, 0.05, True),
}
SIZES = {60: 14, 285: 12}
WORLDS = {f"{name}, {units} units": (name, units) for units in SIZES for name in SHAPES}


def simulated(seed: int, name: str, units: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Simulate a panel; return it, true effects (unit, period) and the moderator (unit)."""
    shape, slope, selected = SHAPES[name]
    rng, periods = np.random.default_rng([SEED, seed, units]), SIZES[units]
    x = rng.standard_normal(units)
    order = x + (0.0 if selected else 10.0) * rng.standard_normal(units)
    start = np.array([np.nan, 9.0, 7.0, 5.0])[(order.argsort().argsort() * 4) // units]
    errors = rng.standard_normal((units, periods))
    for t in range(1, periods):
        errors[:, t] = 0.5 * errors[:, t - 1] + np.sqrt(0.75) * errors[:, t]
    on = np.arange(periods) >= start[:, None]
    effect = (1.0 + shape(x) + 0.3 * rng.standard_normal(units))[:, None] * on
    trend = slope * (x**2)[:, None] * np.arange(periods)
    outcome = rng.standard_normal((units, 1)) + trend + effect + errors
    unit, time = (a.ravel() for a in np.indices(outcome.shape))
    frame = pd.DataFrame({
        "unit": unit, "time": time, "cohort": start[unit], "x": x[unit], "outcome": outcome.ravel(),
    })  # fmt: skip
    return frame, np.where(on, effect, np.nan), x


def measured(world: str, number: int) -> dict[str, Any]:
    """Errors, SDs and coverage of one panel."""
    name, units = WORLDS[world]
    frame, effect, x = simulated(number, name, units)
    shape = SHAPES[name][0]
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome"
    )
    at = np.quantile(x[~np.isnan(effect).all(axis=1)], [0.1, 0.5, 0.9])
    rest = float(np.nanmean(effect - shape(x)[:, None]))
    truth = rest + shape(at)
    pairs: dict[str, tuple[xr.DataArray, float]] = {}
    for time, label in (("smooth", ""), ("none", ", without time")):
        design = nqp.StaggeredDiD(moderators=nqp.SmoothModerator("x", time=time))
        fit = nqp.fit(design, panel, nqp.Importance(seed=number), progress=False)
        curve = nqp.effect_curve(fit, values=at)
        for k, q in enumerate(("10 %", "50 %", "90 %")):
            pairs[f"curve at {q}{label}"] = curve.isel(x=k, drop=True), truth[k]
        gap = curve.isel(x=2, drop=True) - curve.isel(x=0, drop=True)
        pairs[f"difference{label}"] = gap, truth[2] - truth[0]
        pairs[f"average{label}"] = nqp.att(fit), float(np.nanmean(effect))
    return {"world": world, "number": number} | against(pairs)


def table(rows: pd.DataFrame) -> str:
    """Coverage, bias and width by world and quantity."""
    lines: list[list[Any]] = [["world", "quantity", "panels", "covered (se)", "bias (se)", "width"]]
    for world in WORLDS:
        part = rows[rows["world"] == world]
        for column in part.columns[part.columns.str.endswith(ERROR)]:
            name, n = column.removesuffix(ERROR), len(part)
            if not n:
                continue
            covers, error = part[name + COVERS], part[column]
            lines.append([
                world, name, n, f"{covers.mean():.3f} ({covers.std(ddof=0) / n**0.5:.3f})",
                f"{error.mean():+.3f} ({error.std(ddof=0) / n**0.5:.3f})",
                f"{3.92 * part[name + SD].mean():.2f}",
            ])  # fmt: skip
    return markdown(lines)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panels", type=int, default=0)
    parser.add_argument("--collect", action="store_true")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    STORE.fill([(world,) for world in WORLDS], range(options.panels), measured)
    rows = STORE.keep() if options.collect else STORE.rows()
    text = f"{table(rows)}\n"
    print(text)
    if options.collect:
        words = " ".join(__doc__.split("\n\n", 1)[1].split())
        command = "`python -m benchmarks.moderators --panels N`"
        head = f"# Effects along a moderator\n\n{command}\n\n{words}"
        PAGE.write_text(f"{head}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
