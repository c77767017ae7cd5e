"""Pilot zones and the new quality productivity of cities in China, as Markdown on stdout.

python -m benchmarks.china_cities city_nqpf_cbec_2010_2021.csv [--target-accept 0.9]

The file has one row per prefecture (`code`) and `year` with `nqpf`, `cbec_year` (approval, empty =
no zone), `coastal_province` and `ln_mkt_index_city`. Zones approved after the last year count as
untreated. Cities are divided at the median of the market index in 2014, the year before the first
zone; those without it, or without a province, are left out of the hierarchical fits alone.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp._core import vocabulary as v
from bayes_nqp.effects.estimands import att, contrast
from bayes_nqp.inference.fitting import _draws, _effects_dataset
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.output.tables import summary

MARKET_YEAR = 2014
SMALL_COHORT = 2015  # Hangzhou alone
ROLES = {"unit": "code", "time": "year", "cohort": "cbec_year", "outcome": "ln_nqpf"}
FLAT = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID(), controls="never")


def read(path: Path) -> pd.DataFrame:
    """Read the rows, with the outcome's logarithm and the region."""
    df = pd.read_csv(path, encoding="utf-8-sig")
    region = df["coastal_province"].map({0.0: "inland", 1.0: "coastal"})
    return df.assign(ln_nqpf=np.log(df["nqpf"]), region=region)


def hierarchical_panel(df: pd.DataFrame) -> nqp.Panel:
    """Cities with a region and a market index, divided by both."""
    panel = nqp.Panel.from_frame(df, **ROLES, strata=["region"])
    return panel.stratify(
        "ln_mkt_index_city",
        at=MARKET_YEAR,
        labels=["less market", "more market"],
        name="market",
        missing="drop",
    )


def line(*cells: object) -> str:
    """One line of a table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def table(parts: dict[str, xr.DataArray]) -> None:
    """Print mean, sd, 95 % equal-tailed interval and P(> 0) of every number."""
    print(line("quantity", "mean", "sd", "95 %", "P(> 0)"))
    print(line("---", "---:", "---:", "---:", "---:"))
    for name, draws in parts.items():
        rows = summary(draws)
        labels = [c for c in rows if c in draws.dims]
        for row in rows.to_dict("records"):
            called = " × ".join(str(row[c]) for c in labels)
            print(
                line(
                    f"{name} {called}".strip(),
                    f"{row['mean']:+.4f}",
                    f"{row['sd']:.4f}",
                    f"[{row['lower']:+.4f}, {row['upper']:+.4f}]",
                    f"{row['p_positive']:.3f}",
                )
            )
    print()


def hierarchical(panel: nqp.Panel, sampler: nqp.NUTS) -> None:
    """Fit PartialPooling(region, market), AR(1), unit deviations; two kinds of time effects."""
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region", "market"], varying="unit"), nqp.AR1())
    print(f"`{sampler!r}`\n")
    for title, chosen in (
        ("time effects by level (the default)", design),
        ("common time effects", design.replace(time=nqp.TimeEffects())),
    ):
        begin = time.perf_counter()
        fit = nqp.fit(chosen, panel, sampler, progress=False)
        seconds = time.perf_counter() - begin
        gate = fit.gate
        print(f"## {title}\n")
        print(
            f"`{chosen!r}`\n\n{gate.divergences} divergences; gate {gate}: R-hat {gate.rhat:.4f}, "
            f"ESS bulk {gate.ess_bulk:.0f}, tail {gate.ess_tail:.0f}, E-BFMI {gate.energy:.2f}; "
            f"{seconds:.1f} s.\n"
        )
        region, market = att(fit, by="region"), att(fit, by="market")
        table(
            {
                "ATT": att(fit),
                "event time": att(fit, by="event_time"),
                "region": region,
                "market": market,
                "region × market": att(fit, by=["region", "market"]),
                "cohort": att(fit, by="cohort"),
                "contrast: inland − coastal": contrast(region, region="inland", minus="coastal"),
                "contrast: more − less market": contrast(
                    market, market="more market", minus="less market"
                ),
            }
        )
        posterior = fit.posterior
        names = [n for n in posterior if posterior[n].ndim == 2]
        table({str(n).removeprefix("outcome__"): posterior[n] for n in names})


def known_values(df: pd.DataFrame) -> None:
    """Two-way fixed effects, and never-treated Callaway–Sant'Anna by conditional means."""
    import pyfixest as pf

    post = (df["year"] >= df["cbec_year"]).astype(float)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        model = pf.feols("ln_nqpf ~ post | code + year", df.assign(post=post), {"CRV1": "code"})
        estimate, error = float(model.coef()["post"]), float(model.se()["post"])
    print("## Flat priors, iid errors, no strata: conditional means\n")
    print(f"Two-way fixed effects (pyfixest): {estimate:.4f} ({error:.4f}).\n")
    samples = {
        f"{df['code'].nunique()} cities": df,
        f"without the cohort of {SMALL_COHORT}": df[df["cbec_year"] != SMALL_COHORT],
    }
    columns = {}
    for name, rows in samples.items():
        panel = nqp.Panel.from_frame(rows, **ROLES)
        effects = nqp.posterior_mean(FLAT, panel)
        every = nqp.posterior_mean(FLAT.replace(controls="all"), panel)
        column = {
            "ATT, controls='never', weights='rows'": float(att(effects).item()),
            "ATT, controls='never', weights='equal'": float(att(effects, weights="equal").item()),
            "ATT, controls='all', weights='rows'": float(att(every).item()),
        }
        leads = by_event_time(lead_means(panel))
        # The change since the period before, as R's did reports it by default.
        steps = {e: x - leads.get(e - 1, np.nan) for e, x in {**leads, -1: 0.0}.items()}
        column |= {f"change from {e - 1} to {e}": steps[e] for e in (-3, -2, -1)}
        column |= {f"lead {e} (from −1)": leads[e] for e in (-4, -3, -2)}
        column |= {f"event time {e}": x for e, x in by_event_time(effects).items()}
        columns[name] = column
    print(line("", *columns))
    print(line("---", *("---:" for _ in columns)))
    for quantity in next(iter(columns.values())):
        found = (column.get(quantity, float("nan")) for column in columns.values())
        print(line(quantity, *(f"{x:+.4f}" if np.isfinite(x) else "" for x in found)))
    print()


def region_contrast(df: pd.DataFrame) -> None:
    """Inland − coastal with flat effects: what common time effects mistake for a difference."""
    panel = nqp.Panel.from_frame(df, **ROLES, strata=["region"])
    print(f"## Inland − coastal, flat effects by region, {panel.n_units} cities\n")
    print(line("errors", "controls", "time effects", "coastal", "inland", "inland − coastal"))
    print(line(*["---"] * 3, *["---:"] * 3))
    for errors, values in ((nqp.IID(), {}), (nqp.AR1(), {"rho": 0.77})):
        for controls in ("all", "never"):
            for title, shared in (("by region", None), ("common", nqp.TimeEffects())):
                design = FLAT.replace(errors=errors, controls=controls, time=shared)
                region = att(nqp.posterior_mean(design, panel, **values), by="region")
                found = [float(region.sel(region=x).item()) for x in ("coastal", "inland")]
                given = ", ".join(f"{k}={x}" for k, x in values.items())
                numbers = (f"{x:+.4f}" for x in (*found, found[1] - found[0]))
                print(line(f"{type(errors).__name__} {given}", controls, title, *numbers))
    print()


def lead_means(panel: nqp.Panel) -> xr.Dataset:
    """Conditional means of the leads."""
    model_frame = model_frame_of(FLAT, panel)
    equation = model_frame.equations[0]
    parameters = np.zeros((1, len(equation.problem.parameter_names)))
    means = _draws.recovered(model_frame, equation, parameters, None)
    return _effects_dataset.effects_dataset(
        model_frame, means.cell_effect[None], None, gate=v.PASSED, leads=True
    )


def by_event_time(effects: xr.Dataset) -> dict[int, float]:
    """Averages weighted by rows."""
    found = att(effects, by="event_time")
    return {int(e): float(x) for e, x in zip(found.event_time, found.values.ravel(), strict=True)}


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--target-accept", type=float, default=nqp.NUTS().target_accept)
    given = parser.parse_args()
    sampler = nqp.NUTS(
        seed=given.seed, draws=given.draws, chains=4, target_accept=given.target_accept
    )
    df = read(given.path)
    print("# Pilot zones and ln(nqpf)\n")
    known_values(df)
    region_contrast(df)
    panel = hierarchical_panel(df)
    print("## The panel of the hierarchical fits\n\n```")
    print(f"{panel!r}\n```\n")
    hierarchical(panel, sampler)


if __name__ == "__main__":
    main()
