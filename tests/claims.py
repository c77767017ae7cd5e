"""Posteriors as effects in the schema of the waist, over a grid of panels and checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp.checks import CheckResult
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics

Array = npt.NDArray[np.float64]
REGIONS = ("coastal", "inland")
LAST = 2015
ENOUGH = 5

PANELS: Mapping[str, Mapping[int, int]] = {
    "one cohort": {2011: 12},
    "early and late": {2010: 6, 2013: 20},
    "few late units": {2010: 2, 2011: 2, 2013: 20},
    "one late unit": {2010: 1, 2014: 30},
    "no window": {2010: 1, 2015: 40},
}
"""Units of every cohort in each region; one more in the second."""
SHAPES: Mapping[str, tuple[float, float, float]] = {
    "flat": (0.0, 0.0, 0.0),
    "flat, early cohorts higher": (1.5, 0.0, 0.0),
    "flat, early cohorts lower": (-1.5, 0.0, 0.0),
    "growing": (0.0, 0.6, 0.0),
    "fading, early cohorts higher": (1.5, -0.6, 0.0),
    "coastal larger": (0.0, 0.0, 1.2),
}
"""Level of a cohort per period that it is earlier, slope by event time, coastal minus inland."""
NAMES = (
    "identification",
    "pretrends",
    "trend_sensitivity",
    "placebo_time",
    "influence",
    "time_effects",
)
CHECKS: Mapping[str, tuple[str, ...]] = {
    "none asked": (),
    "all hold": ("passed",) * 6,
    "trends fail": ("passed", "failed", "reported", "failed", "passed", "passed"),
    "doubts": ("caution", "caution", "passed", "caution", "caution", "passed"),
    "one doubt": ("passed", "passed", "passed", "caution", "passed", "passed"),
    "all fail": ("failed",) * 6,
}
GRADES = {
    "en": {
        "very low confidence": "very low",
        "low confidence": "low",
        "medium confidence": "medium",
        "high confidence": "high",
        "confidence not assessed": "not assessed",
    },
    "zh": {
        "可信度很低": "very low",
        "可信度低": "low",
        "可信度中等": "medium",
        "可信度高": "high",
        "可信度未评估": "not assessed",
    },
}


@dataclass(frozen=True)
class Case:
    """A posterior: draws by region, cohort and time, as a table and as effects."""

    draws: dict[tuple[str, int, int], Array]
    units: dict[tuple[str, int], int]
    effects: xr.Dataset

    def average(self, keys: list[tuple[str, int, int]]) -> Array:
        weights = np.array([self.units[key[:2]] for key in keys], dtype=np.float64)
        return np.average([self.draws[key] for key in keys], axis=0, weights=weights)

    def growth(self) -> Array | None:
        """Change over the longest window, of the cohorts seen at both of its ends."""
        for last in range(LAST - 2010, 0, -1):
            groups = [g for g in self.units if (*g, g[1] + last) in self.draws]
            if sum(self.units[g] for g in groups) >= ENOUGH:
                later = self.average([(*g, g[1] + last) for g in groups])
                return later - self.average([(*g, g[1]) for g in groups])
        return None

    def region(self, name: str) -> Array:
        return self.average([key for key in self.draws if key[0] == name])


@cache
def case(panel: str, shape: str, sd: float) -> Case:
    rng = np.random.default_rng([len(panel), len(shape), int(10 * sd)])
    early, slope, gap = SHAPES[shape]
    units = {(r, g): n + k for k, r in enumerate(REGIONS) for g, n in PANELS[panel].items()}
    common = rng.normal(size=(2, 200))
    by_region = {r: rng.normal(size=(2, 200)) for r in REGIONS}
    draws = {
        (r, g, t): (
            1.0 + early * (LAST - g) / 5 + slope * (t - g) + gap * (r == "coastal")
            + sd * (0.5 * common + 0.5 * by_region[r] + rng.normal(size=(2, 200)))
        )
        for (r, g) in units
        for t in range(g, LAST + 1)
    }  # fmt: skip
    counts = [units[key[:2]] for key in draws]
    effects = schema.build(
        np.stack(list(draws.values()), axis=-1)[:, :, None],
        strata={"region": [r for r, *_ in draws]},
        cohort=[g for _, g, _ in draws],
        time=[t for *_, t in draws],
        event_time=[t - g for _, g, t in draws],
        rows=counts,
        units=counts,
        gate="passed",
    )
    return Case({key: one.ravel() for key, one in draws.items()}, units, effects)


def fit_of(one: Case, *, passed: bool = True) -> nqp.Fit:
    """The effects as those of a fit whose rows were not kept."""
    gate = ConvergenceDiagnostics(
        1.0 if passed else 1.2, 900.0, 900.0, 0, 1.0, () if passed else ("R-hat 1.2",)
    )
    posterior = xr.Dataset(coords={"chain": range(2), "draw": range(200)})
    groups = {"effects": one.effects, "posterior": posterior}
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), nqp.AR1())
    facts = {"panel_digest": "", "scale": 1.0, "outcome": "exports"}
    return nqp.Fit(design, None, nqp.Importance(seed=1), groups, gate, facts, {})


def results_of(checks: str, rival: float | None) -> list[CheckResult]:
    """Checks with these verdicts; that of time effects has a difference of its own."""
    found = []
    for name, verdict in zip(NAMES, CHECKS[checks], strict=bool(CHECKS[checks])):
        evidence = None
        if name == "time_effects" and rival is not None:
            noise = np.random.default_rng(9).normal(size=(2, 200))
            values = np.stack([np.zeros((2, 200)), rival + noise], axis=-1)[..., None]
            coords = dict(zip(("factor", "level", "minus"), ("region", *REGIONS), strict=True))
            evidence = xr.Dataset(
                {"contrast": (("chain", "draw", "specification", "pair"), values)},
                coords={"specification": ["by region", "common to all"]}
                | {name: ("pair", [one]) for name, one in coords.items()},
            )
        found.append(CheckResult(name, "?", verdict, "", "", evidence))  # type: ignore[arg-type]
    return found


def grade_in(text: str, language: str) -> str | None:
    return next((grade for words, grade in GRADES[language].items() if words in text), None)
