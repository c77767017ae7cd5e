"""How often the pre-trends check holds, is in doubt and fails, as Markdown on stdout.

python -m benchmarks.pretrends [--replications 200] [--others 100] [--kept folder] [--full]

Panels of `nqp.simulation.staggered`; the trend is in innovation sd per period. Leads, slopes and
effects are drawn given rho, sigma and scales at their posterior mode, which takes a tenth of the
time; `--full` asks `nqp.check` of full fits instead. Interrupted runs go on from their folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp._core import vocabulary as v
from bayes_nqp.checks.trends._differential_trend import Trend, trend_design
from bayes_nqp.checks.trends._parallel import Judgement, judge
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.fitting import _draws, _effects_dataset, batch, modes
from bayes_nqp.inference.fitting._batch import Kept
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import lead_design

DRAWS = 400
VERDICTS = ("passed", "caution", "failed")
TRENDS = (0.0, 0.05, 0.1, 0.3)
MAIN: dict[str, Any] = {"units": 300, "periods": 14, "never": 1 / 3, "rho": 0.5}
LAYOUTS: Mapping[str, dict[str, Any]] = {
    "main": {},
    "cohorts 7 to 13": {"cohorts": (7, 8, 9, 10, 11, 12, 13)},
    "two cohorts (6, 10)": {"cohorts": (6, 10)},
    "no strata": {"strata": {}},
    "three factors, 12 strata": {"strata": {"a": "xy", "b": "xy", "c": "xyz"}},
    "ρ = 0": {"rho": 0.0},
    "ρ = .8": {"rho": 0.8},
    "15 % of rows missing": {"missing": 0.15},
    "growing effects": {"effect": "growing"},
    "unit deviations with sd 1": {"deviation_sd": 1.0},
    "effect .2": {"level": 0.2},
    "no effect": {"level": 0.0},
    "10 % never treated": {"never": 0.1},
    "60 units": {"units": 60},
    "effect .5": {"level": 0.5},
}


def one(layout: str, trend: float, seed: int, full: bool) -> dict[str, np.ndarray]:
    """One panel, one verdict."""
    panel = staggered(**{**MAIN, **LAYOUTS[layout], "trend": trend}, seed=seed).panel
    if full:
        fit = nqp.fit(
            nqp.StaggeredDiD(), panel, nqp.Importance(draws=500, seed=seed), progress=False
        )
        result = nqp.check(fit, "pretrends", progress=False)
        assert isinstance(result.evidence, xr.Dataset)
        facts = result.evidence.attrs
        tails = [facts["tail_probability"], facts["slope_tail_probability"], facts["slope_sd"]]
        return {
            "verdict": np.array([VERDICTS.index(result.verdict)]),
            "tails": np.array([*tails, facts["slope"], facts["within"], facts["inside"]]),
        }
    found = judged(panel, seed)
    whole = found.total
    levels = [one.tail for one in found.levels.values()]
    numbers = [whole.joint.tail, whole.slope_tail, whole.slope.std(), whole.slope.mean()]
    numbers += [float(found.effect.mean()), float(found.effect.std())]
    numbers += [found.within, whole.joint.inside, min(levels, default=1.0), len(levels)]
    return {
        "verdict": np.array([VERDICTS.index(found.verdict)]),
        "tails": np.array(numbers, dtype=float),
    }


def judged(panel: nqp.Panel, seed: int) -> Judgement:
    """What leads and slope say, given parameters at their posterior mode."""
    design = nqp.StaggeredDiD()
    flat = lead_design(design, panel)
    _, leads = drawn(flat, panel, seed)
    sloped, wider, names, strata = trend_design(flat, panel, leads)
    slopes, adjusted = drawn(sloped, wider, seed + 1, leads=False)
    effects = drawn(design, panel, seed + 2, leads=False)[1]
    trend = Trend(adjusted, slopes.sel(label=list(names)).to_numpy(), strata)
    return judge(panel, effects, leads, trend)


def drawn(
    design: nqp.StaggeredDiD, panel: nqp.Panel, seed: int, *, leads: bool = True
) -> tuple[xr.DataArray, xr.Dataset]:
    """Slopes of covariates, and leads or effects, given parameters at their posterior mode."""
    model_frame = model_frame_of(design, panel)
    equation = model_frame.equations[0]
    x = np.tile(modes(design, panel)[0].point, (DRAWS, 1))
    found = _draws.recovered(model_frame, equation, x, np.random.default_rng(seed))
    slopes = found.coefficients.get("slope", np.zeros((DRAWS, 0)))[None]
    labels = next((p.labels for p in equation.globals if p.name == "slope"), [])
    table = xr.DataArray(
        slopes, dims=(*v.SAMPLE_DIMS, "label"), coords={"label": np.asarray(labels, dtype=str)}
    )
    return table, _effects_dataset.effects_dataset(
        model_frame, found.cell_effect[None], None, gate=v.PASSED, leads=leads, attrs={}
    )


def rates(layout: str, trend: float, number: int, given: argparse.Namespace) -> list[str]:
    """Cells of one line of the table."""
    start = 1000 * (1 + list(LAYOUTS).index(layout))
    how = "full" if given.full else "given"
    tasks = {
        f"{how} {layout} {trend} {start + k}": (layout, trend, start + k, given.full)
        for k in range(number)
    }
    kept = Kept(given.kept) if given.kept else None
    found = batch(one, tasks, store=kept, work=f"{layout}, trend {trend}")
    verdicts = np.concatenate([numbers["verdict"] for numbers in found.values()]).astype(int)
    share = np.bincount(verdicts, minlength=3) / number
    sd = float(np.mean([numbers["tails"][2] for numbers in found.values()]))
    return [layout, f"{trend:g}", f"{number}", *(f"{x:.1%}" for x in share), f"{2.8 * sd:.3f}"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--others", type=int, default=100)
    parser.add_argument("--kept")
    parser.add_argument("--full", action="store_true")
    given = parser.parse_args()
    print("| panel | trend | replications | holds | in doubt | fails | detectable trend |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for layout in LAYOUTS:
        for trend in TRENDS if layout == "main" else (0.0, 0.3):
            number = given.replications if layout == "main" else given.others
            if trend and layout != "main":
                number = -(-number // 5)
            if number:
                print("| " + " | ".join(rates(layout, trend, number, given)) + " |", flush=True)


if __name__ == "__main__":
    main()
