"""Run: python -m benchmarks.referee_rows [--panels N] [--collect]; an interrupted run goes on.

How often rows of the check `referee` change the conclusion about an average effect five posterior
SDs from zero, on panels that satisfy all assumptions of the model: 100 cities in 20 provinces, 12
years, two controls, a second measure of the outcome and an unrelated policy.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np

import bayes_nqp as nqp

from ._store import ROOT, Program, Store
from .earned import markdown

STORE: Final = Store("referee_rows")
PAGE: Final = ROOT / "benchmarks" / "results" / "checks.md"
SEED: Final = 64_000_000
SAMPLER: Final = nqp.Importance(draws=1000, chains=2, seed=1)
SIZE: Final = 5.0
"""Average effect, in posterior SDs."""


def panel_of(units: int, seed: int) -> nqp.Panel:
    """Cities of China by name, whose controls, provinces and places have no part in the effect."""
    made = nqp.simulation.staggered(
        units=units, periods=12, cohorts=(5, 7, 9), never=0.4, strata={}, seed=seed
    ).panel
    rng, unit, time = np.random.default_rng(seed), made.unit_codes, made.time_codes
    names = rng.permutation(nqp.datasets.prefectures()["prefecture"].to_numpy())[:units]
    province = rng.permutation(units) % 20
    x = rng.normal(size=(2, units))[:, unit] + rng.normal(size=(2, made.n_rows))
    start = np.where(made.cohort_codes >= 0, made.cohort_codes + 2012.0, np.nan)
    frame = made.frame.assign(
        unit=names[unit], time=time + 2012, cohort=start[unit], x1=x[0], x2=np.exp(x[1]),
        outcome=made.outcome + 0.3 * x[0], province=province[unit].astype(str),
        industry=(rng.permutation(units) % 8)[unit].astype(str),
        region=np.array(["east", "centre", "west"])[province % 3][unit],
        longitude=rng.uniform(100, 120, units)[unit], latitude=rng.uniform(25, 40, units)[unit],
        policy=(time >= rng.integers(2, 30, units)[unit]).astype(float),
    )  # fmt: skip
    frame["second"] = 3.0 * frame["outcome"] + rng.normal(size=len(frame))
    return nqp.Panel.from_frame(frame, **{**made.arguments, "covariates": ["x1", "x2"]})


def measured(world: str, units: int, number: int) -> dict[str, Any]:
    """Rows that change the conclusion, are left out or did not converge, of one panel."""
    panel = panel_of(units, SEED + number)
    fit = nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False)
    effect = nqp.att(fit)
    # The effect becomes SIZE posterior SDs; `second` follows it.
    start = panel.cohort_codes[panel.unit_codes]
    shift = (SIZE * float(effect.std()) - float(effect.mean())) * (
        (start >= 0) & (panel.time_codes >= start)
    )
    frame = panel.frame.assign(
        outcome=panel.frame["outcome"] + shift, second=panel.frame["second"] + 3.0 * shift
    )
    panel = nqp.Panel.from_frame(frame, **panel.arguments)
    fit = nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False)
    found = nqp.check(
        fit, "referee", outcomes="second", policies="policy", samples="region", progress=False
    )
    table = found.evidence[["specification", "change", "conclusion"]].to_dataframe()
    changed = table.loc[~table["conclusion"].isin(["", "unchanged"])]
    effect = nqp.att(fit)
    return {
        "world": world, "units": units, "number": number,
        "size": float(effect.mean() / effect.std()), "rows": len(table) - 1,
        "verdict": str(found.verdict), "left_out": found.evidence.attrs["left_out"],
        "changed": "; ".join(f"{x.change}: {x.Index} {x.conclusion}" for x in changed.itertuples()),
        "count": len(changed),
    }  # fmt: skip


def table() -> str:
    """Shares of rows and of panels with a changed conclusion, and the rows by name."""
    rows = STORE.rows()
    if rows.empty:
        return ""
    several = rows["count"].to_numpy()
    named = Counter(x for text in rows["changed"].fillna("") for x in text.split("; ") if x)
    shown = "; ".join(f"{name} ({n})" for name, n in named.most_common()) or "none"
    return markdown(
        [["panels", "rows a panel", "rows that change", "panels with one or more", "which"],
         [len(rows), f"{rows['rows'].mean():.0f}", f"{several.sum() / rows['rows'].sum():.4f}",
          f"{(several > 0).mean():.2f}", shown]]
    )  # fmt: skip


PROGRAM: Final = Program(STORE, PAGE, ("clean",), (100,), measured, table)

if __name__ == "__main__":
    PROGRAM.run(__doc__)
