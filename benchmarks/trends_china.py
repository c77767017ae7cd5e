"""Pilot zones of China under each assumption about trends, as Markdown on stdout.

python -m benchmarks.trends_china city_nqpf_cbec_2010_2021.csv

Log new quality productivity of 296 prefectures (see `benchmarks.china_cities`), with time effects
common to all and by region; each assumption with its placebo two years early and its prediction of
the last two years before adoption.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp.checks.trends._bayes_factor import bayes_factors

from .china_cities import ROLES, read

SAMPLER = nqp.Importance(seed=20_151_007)


def table(evidence: xr.Dataset) -> str:
    """One line for each group and assumption."""
    head = "| group | assumption | ATT | 95 % | placebo | held out |"
    lines = [head, "| --- | --- | --- | --- | --- | --- |"]
    for g, group in enumerate(evidence["group"].to_numpy()):
        for k, name in enumerate(evidence["assumption"].to_numpy()):
            att, placebo = (evidence[x].isel(group=g, assumption=k) for x in ("att", "placebo"))
            low, high = att.quantile([0.025, 0.975])
            held = f"{float(evidence['held_out'][k]):.0f}" if g == 0 else ""
            lines.append(
                f"| {group or 'all'} | {name} | {float(att.mean()):.3f} ({float(att.std()):.3f}) | "
                f"{float(low):.3f}, {float(high):.3f} | {float(placebo.mean()):+.3f} "
                f"({float(placebo.std()):.3f}) | {held} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    frame = read(parser.parse_args().file).dropna(subset=["region"])
    panel = nqp.Panel.from_frame(frame, **ROLES, strata=["region"])
    for label, time in (("common time effects", nqp.TimeEffects()), ("by region", None)):
        fit = nqp.fit(nqp.StaggeredDiD(time=time), panel, SAMPLER, progress=False)
        result = nqp.check(fit, "assumptions", progress=False)
        print(f"\n**{label}**: {result.verdict}. {result.sentence}\n")
        print(table(result.evidence))
        print("\n", pd.DataFrame(bayes_factors(fit)).to_string(index=False))


if __name__ == "__main__":
    main()
