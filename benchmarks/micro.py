"""Run: python -m benchmarks.micro --panels 100; an interrupted run goes on.

Coverage of 95 % intervals with other persons in every period: 60 cities over 14 periods with about
30 persons each, or 120. Cities have AR(1) shocks with SD 0.3, persons errors with SD 1 and a
covariate.
Effects differ between cities, and large cities have larger ones. In the last world the policy
attracts persons with a high value of the covariate, which has an effect of its own that the means
contain, and the check `composition` is run. Least squares on persons with dummies of cities and
periods, with standard errors clustered by city, use the same data.
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pyfixest as pf

import bayes_nqp as nqp

from ._coverage import COVERS, ERROR, SD, against
from ._store import ROOT, Store
from .earned import markdown

STORE = Store("micro", ("world", "number"))
PAGE = ROOT / "benchmarks" / "results" / "micro.md"
SEED = 63_000_000
CITIES, PERIODS = 60, 14
CHANGES = "composition changes"
WORLDS: dict[str, dict[str, float]] = {
    "autocorrelated shocks": {},
    "persistent shocks": {"rho": 0.9},
    "few persons": {"size": 5.0},
    CHANGES: {"attracted": 0.5},
}


def persons(
    seed: int, rho: float = 0.5, size: float = 30.0, attracted: float = 0.0
) -> tuple[pd.DataFrame, float, float]:
    """Simulate persons; return them and the true effects on treated cities and on persons."""
    rng = np.random.default_rng(SEED + seed)
    cohort = np.array([np.nan, 5, 7, 9])[np.arange(CITIES) % 4]
    large = rng.random(CITIES) < 0.3
    shock = np.empty((CITIES, PERIODS))
    shock[:, 0] = rng.standard_normal(CITIES)
    for t in range(1, PERIODS):
        shock[:, t] = rho * shock[:, t - 1] + np.sqrt(1 - rho**2) * rng.standard_normal(CITIES)
    number = rng.poisson(size * (1 + 3 * large[:, None]), (CITIES, PERIODS)) + 1
    on = np.arange(PERIODS) >= cohort[:, None]
    effect = (0.4 + 0.3 * large + 0.1 * rng.standard_normal(CITIES))[:, None] * on
    city, time = (x.repeat(number.ravel()) for x in map(np.ravel, np.indices(number.shape)))
    skill = rng.standard_normal(city.size) + attracted * on[city, time]
    outcome = (
        0.05 * city + 0.1 * time + effect[city, time] + 0.3 * shock[city, time] + 0.4 * skill
        + rng.standard_normal(city.size)
    )  # fmt: skip
    frame = pd.DataFrame(
        {"city": city, "time": time, "cohort": cohort[city], "skill": skill, "outcome": outcome}
    )
    return frame, float(effect[on].mean()), float((effect * number)[on].sum() / number[on].sum())


def measured(name: str, number: int) -> dict[str, Any]:
    """Errors, SDs and coverage of one panel, and the verdict of `composition`."""
    frame, cities, people = persons(number, **WORLDS[name])
    covariates = [] if name == CHANGES else ["skill"]
    roles = {"cluster": "city", "time": "time", "cohort": "cohort", "outcome": "outcome"}
    panel = nqp.Panel.from_micro(frame, **roles, covariates=covariates)
    fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=number), progress=False)
    row: dict[str, Any] = {"world": name, "number": number} | against(
        {"cities": (nqp.att(fit), cities), "persons": (nqp.att_persons(fit), people)}
    )
    treated = frame.assign(treated=(frame["time"] >= frame["cohort"]).astype(float))
    ols = pf.feols("outcome ~ treated | city + time", treated, vcov={"CRV1": "city"}).tidy()
    mean, error = float(ols["Estimate"].iloc[0]), float(ols["Std. Error"].iloc[0])
    row |= {
        f"two-way fixed effects{ERROR}": mean - people, f"two-way fixed effects{SD}": error,
        f"two-way fixed effects{COVERS}": int(abs(mean - people) < 2.0 * error),
    }  # fmt: skip
    with_skill = nqp.Panel.from_micro(frame, **roles, covariates=["skill"])
    tested = nqp.fit(nqp.StaggeredDiD(), with_skill, nqp.Importance(seed=number), progress=False)
    row["composition"] = str(nqp.check(tested, "composition", progress=False).verdict)
    return row


def table(rows: pd.DataFrame) -> str:
    """Coverage, bias and width by world and quantity, and verdicts of the check."""
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
    verdicts = pd.crosstab(rows["world"], rows["composition"]).reindex(list(WORLDS)).fillna(0)
    answers: list[list[Any]] = [["world", *(f"`composition`: {x}" for x in verdicts.columns)]]
    answers += [[world, *map(int, line)] for world, line in verdicts.iterrows()]
    return f"{markdown(lines)}\n\n{markdown(answers)}"


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
        head = f"# Persons in clusters\n\n`python -m benchmarks.micro --panels N`\n\n{words}"
        PAGE.write_text(f"{head}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
