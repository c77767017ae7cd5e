"""Run: python -m benchmarks.referee_rows [--panels N] [--collect]; an interrupted run goes on.

How often rows of the check `referee` change the conclusion about an average effect of several
posterior SDs, on panels that satisfy all assumptions of the model, and on panels in which the
effect depends on one choice that a row varies: 100 cities in 20 provinces and three regions, 12
years, three cohorts, two controls, a second measure of the outcome and another policy.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

import bayes_nqp as nqp

from ._store import ROOT, Program, Store
from .earned import markdown

STORE: Final = Store("referee_rows")
PAGE: Final = ROOT / "benchmarks" / "results" / "checks.md"
SEED: Final = 64_000_000
SAMPLER: Final = nqp.Importance(draws=1000, chains=2, seed=1)
WORLDS: Final[dict[str, tuple[float, str]]] = {
    "clean, 5 SDs": (5.0, ""),
    "clean, 3 SDs": (3.0, ""),
    "effect in one cohort": (5.0, "leaving out a cohort"),
    "effect in one region": (5.0, "other samples"),
    "effect in 2020 to 2022": (5.0, "periods left out"),
    "effect of the other policy": (5.0, "other policies"),
    "differential trend, 5 SDs": (5.0, "unit trends"),
    "differential trend, 10 SDs": (10.0, "unit trends"),
}
"""Average effect in posterior SDs, and the change by which it disappears."""


def panel_of(world: str, units: int, seed: int) -> nqp.Panel:
    """Cities of China by name, whose controls, provinces and places have no part in the effect."""
    clean = not WORLDS[world][1]
    made = nqp.simulation.staggered(
        units=units, periods=12, cohorts=(5, 7, 9), never=0.4, strata={}, seed=seed,
        level=1.0 if clean else 0.0, deviation_sd=0.3 if clean else 0.0,
    ).panel  # fmt: skip
    rng, unit, time = np.random.default_rng(seed), made.unit_codes, made.time_codes
    names = rng.permutation(nqp.datasets.prefectures()["prefecture"].to_numpy())[:units]
    province = rng.permutation(units) % 20
    x = rng.normal(size=(2, units))[:, unit] + rng.normal(size=(2, made.n_rows))
    start = np.where(made.cohort_codes >= 0, made.cohort_codes + 2012.0, np.nan)
    industry = (rng.permutation(units) % 8)[unit].astype(str)
    places = rng.uniform(100, 120, units), rng.uniform(25, 40, units)
    other = rng.integers(2, 30, units)
    if world == "effect of the other policy":
        # Four of five treated units have the other policy at about the same time.
        linked = (made.cohort_codes >= 0) & (rng.random(units) < 0.8)
        other = np.where(linked, made.cohort_codes + rng.integers(-1, 2, units), other)
    frame = made.frame.assign(
        unit=names[unit], time=time + 2012, cohort=start[unit], x1=x[0], x2=np.exp(x[1]),
        outcome=made.outcome + 0.3 * x[0], province=province[unit].astype(str),
        industry=industry, region=np.array(["east", "centre", "west"])[province % 3][unit],
        longitude=places[0][unit], latitude=places[1][unit],
        policy=(time >= other[unit]).astype(float),
    )  # fmt: skip
    frame["second"] = 3.0 * frame["outcome"] + rng.normal(size=len(frame))
    return nqp.Panel.from_frame(frame, **{**made.arguments, "covariates": ["x1", "x2"]})


def pattern(world: str, panel: nqp.Panel, number: int) -> npt.NDArray[np.float64]:
    """What is added to the outcome, up to its size."""
    start, time, frame = panel.cohort_codes[panel.unit_codes], panel.time_codes, panel.frame
    treated = (start >= 0) & (time >= start)
    found = {
        "effect in one cohort": treated & (start == np.unique(start[start >= 0])[number % 3]),
        "effect in one region": treated
        & (frame["region"] == ("east", "centre", "west")[number % 3]).to_numpy(),
        "effect in 2020 to 2022": treated & frame["time"].between(2020, 2022).to_numpy(),
        "effect of the other policy": frame["policy"].to_numpy(),
    }
    if world.startswith("differential trend"):
        return np.asarray((start >= 0) * 0.1 * time)
    return np.asarray(found.get(world, treated), dtype=np.float64)


def measured(world: str, units: int, number: int) -> dict[str, Any]:
    """Rows that change the conclusion, are left out or did not converge, of one panel."""
    panel, size = panel_of(world, units, SEED + number), WORLDS[world][0]
    added = pattern(world, panel, number)
    before = nqp.att(nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False))
    after = nqp.att(nqp.fit(nqp.StaggeredDiD(), moved(panel, added), SAMPLER, progress=False))
    # The estimate becomes `size` posterior SDs, because it is linear in the outcome.
    step = float(after.mean() - before.mean())
    by = (size * float(before.std()) - float(before.mean())) / step
    fit = nqp.fit(nqp.StaggeredDiD(), moved(panel, by * added), SAMPLER, progress=False)
    found = nqp.check(
        fit, "referee", outcomes="second", policies="policy", samples="region", progress=False
    )
    table = found.evidence[["specification", "change", "conclusion"]].to_dataframe()
    weaker = table["conclusion"] == "weaker evidence"
    changed = table.loc[~table["conclusion"].isin(["", "unchanged"]) & ~weaker]
    effect = nqp.att(fit)
    return {
        "world": world, "units": units, "number": number,
        "size": float(effect.mean() / effect.std()), "rows": len(table) - 1,
        "verdict": str(found.verdict), "left_out": found.evidence.attrs["left_out"],
        "changed": "; ".join(f"{x.change}: {x.Index} {x.conclusion}" for x in changed.itertuples()),
        "count": len(changed), "weaker": int(weaker.sum()),
        "named": bool((changed["change"] == WORLDS[world][1]).any()),
    }  # fmt: skip


def moved(panel: nqp.Panel, by: npt.NDArray[np.float64]) -> nqp.Panel:
    """The panel with another outcome; `second` follows it."""
    frame = panel.frame.assign(
        outcome=panel.frame["outcome"] + by, second=panel.frame["second"] + 3.0 * by
    )
    return nqp.Panel.from_frame(frame, **panel.arguments)


def table() -> str:
    """Shares of panels with a changed conclusion, and the rows by name, for each world."""
    rows = STORE.rows()
    if rows.empty:
        return ""
    lines: list[list[object]] = [
        ["panels with", "panels", "rows a panel", "a row changes", "the row in question",
         "rows with weaker evidence, a panel", "rows that change (panels)"],
    ]  # fmt: skip
    for world, (_, change) in WORLDS.items():
        some = rows[rows["world"] == world]
        if some.empty:
            continue
        texts = [{x.split(":")[0] for x in t.split("; ") if x} for t in some["changed"].fillna("")]
        named = Counter(x for found in texts for x in found)
        lines.append(
            [world, len(some), f"{some['rows'].mean():.0f}", f"{(some['count'] > 0).mean():.2f}",
             f"{some['named'].mean():.2f} ({change})" if change else "",
             f"{some['weaker'].mean():.1f}",
             "; ".join(f"{name} ({n})" for name, n in named.most_common(4)) or "none"]
        )  # fmt: skip
    return markdown(lines)


PROGRAM: Final = Program(STORE, PAGE, tuple(WORLDS), (100,), measured, table)

if __name__ == "__main__":
    PROGRAM.run(__doc__)
