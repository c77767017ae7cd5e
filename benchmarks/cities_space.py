"""Print effects of pilot zones and their spillovers as Markdown (benchmarks/results/spatial.md).

    python -m benchmarks.cities_space ../shared/data/china/city_nqpf_cbec_2010_2021.csv

The file is that of `benchmarks.china_cities`; cities without coordinates or region are left out.
Log index of new quality productivity, AR(1) errors, `CompletePooling(varying=None)`, time effects
in
common or by region; periods without a control beyond the last ring are left out. Beside a fit that
ignores neighbours: rings; the share of the five nearest in force, by classes and exposure time;
that share by event time (SLX); a spatial lag; a spatial Durbin model. And what checks say of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import xarray as xr
from benchmarks.china_cities import ROLES, line, read

import bayes_nqp as nqp
from bayes_nqp.data.spatial_weights import SpatialWeights

RINGS = [100.0, 200.0, 300.0]
CHECKS = ("moran", "spatial_lm", "spatial_form", "spillover_bias", "ring_reach", "donut",
          "spatial_lag")  # fmt: skip
CHECKED = ("ignored", "rings", "share, by exposure time", "spatial Durbin model")


def panel_of(path: Path) -> tuple[nqp.Panel, SpatialWeights]:
    """Cities with a place and a region, and weights of the five nearest."""
    rows = read(path).dropna(subset=["longitude", "latitude", "region"])
    panel = nqp.Panel.from_frame(rows, **ROLES, strata=["region"])
    return panel, nqp.spatial_weights.nearest(panel, k=5)


def designs_of(time: nqp.TimeEffects, weights: SpatialWeights) -> dict[str, nqp.StaggeredDiD]:
    """Designs beside one another, by what tables call them."""
    spillovers = {
        "ignored": None,
        "rings, onto untreated rows": nqp.Rings(RINGS, onto="untreated", leads=3),
        "rings": nqp.Rings(RINGS, leads=3),
        "share, by exposure time": nqp.ShareTreated(weights, above=[0, 0.4]),
        "SLX": nqp.SpatialLag(weights, lag=False),
        "spatial lag (SAR)": nqp.SpatialLag(weights, durbin=False),
        "spatial Durbin model": nqp.SpatialLag(weights),
    }
    return {
        name: nqp.StaggeredDiD(
            nqp.CompletePooling(varying=None), spillovers=near, time=time, unidentified="drop",
        )
        for name, near in spillovers.items()
    }  # fmt: skip


def number(draws: xr.DataArray) -> str:
    """Mean (sd)."""
    values = draws.to_numpy().ravel()
    return f"{values.mean():.3f} ({values.std():.3f})"


def parts_of(fit: nqp.Fit) -> list[xr.DataArray | None]:
    """Own, received by treated rows, total, received by untreated rows, and delta."""
    paths, total = fit.effects["path"].to_numpy(), nqp.att(fit)
    own = nqp.att(fit, path="direct") if "direct" in paths else None
    onto = nqp.att(fit, path="received") if "direct" in paths else None
    near = nqp.spillover_effects(fit) if "received" in paths else None
    return [own, onto, total, near, fit.posterior.get("outcome__delta")]


def effects(fits: Mapping[str, nqp.Fit]) -> None:
    """Own, received and total effects by design."""
    print(line("", "own", "received by treated", "total", "received by untreated", "δ"))
    print(line("---", *["---:"] * 5))
    for name, fit in fits.items():
        print(line(name, *("" if x is None else number(x) for x in parts_of(fit))))
    print()


def classes(fits: Mapping[str, nqp.Fit]) -> None:
    """Effects received by ring or class of shares, and leads."""
    print(line("", "class", "untreated rows", "treated rows"))
    print(line("---", "---", "---:", "---:"))
    for name in ("rings, onto untreated rows", "rings", "share, by exposure time"):
        fit = fits[name]
        near = nqp.spillover_effects(fit, by="ring")
        onto = (
            nqp.spillover_effects(fit, by="ring", onto="treated")
            if "direct" in fit.effects["path"]
            else None
        )
        for ring in near["ring"].to_numpy():
            beside = (
                number(onto.sel(ring=ring)) if onto is not None and ring in onto["ring"] else ""
            )
            print(line(name, ring, number(near.sel(ring=ring)), beside))
        if fit.leads is not None:
            leads = nqp.att(nqp.lead_effects(fit), by="event_time")
            for event in leads["event_time"].to_numpy():
                print(line(name, f"lead {event}", number(leads.sel(event_time=event)), ""))
    print()


def verdicts(fits: Mapping[str, nqp.Fit], weights: SpatialWeights) -> None:
    """What checks say of each."""
    print(line("check", "of", "verdict", "numbers"))
    print(line(*["---"] * 4))
    for check in CHECKS:
        options = {"weights": weights} if check in ("moran", "spatial_lm") else {}
        for name in CHECKED:
            result = nqp.check(fits[name], check, progress=False, **options)
            if result.verdict != "not applicable":
                print(line(check, name, result.verdict, result.figure))
    print()


def main() -> None:
    """Print everything, with time effects in common and by region."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    panel, weights = panel_of(parser.parse_args().path)
    print(
        f"{panel.n_rows:,} rows, {panel.n_units} cities, {(panel.cohort_codes >= 0).sum()} zones.\n"
    )
    for title, time in (("common", nqp.TimeEffects()), ("by region", nqp.TimeEffects(["region"]))):
        print(f"## Time effects {title}\n")
        fits = {
            name: nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
            for name, design in designs_of(time, weights).items()
        }
        effects(fits)
        classes(fits)
        verdicts(fits, weights)


if __name__ == "__main__":
    main()
