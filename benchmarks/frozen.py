"""Posterior means of five fits beside those of version 0.1, in posterior standard deviations.

    python -m benchmarks.frozen [--china FILE] [--write TABLE]

Castle doctrine, simulated firms whose effects deviate by city, a mediation, a continuous exposure,
and, where its file is given, pilot zones of China (city_nqpf_cbec_2010_2021.csv). With --write the
numbers are stored, otherwise compared with benchmarks/frozen_0_1.json, which version 0.1 wrote with
20,000 draws of each fit. Every parameter, and every cell's effect, is one number.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_nqp as nqp

TABLE = Path(__file__).with_name("frozen_0_1.json")
SIMULATED = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
type Problem = tuple[object, nqp.Panel]


def castle() -> Problem:
    """Homicides by state and year."""
    return nqp.StaggeredDiD(unidentified="drop"), nqp.datasets.castle_doctrine()


def firms() -> Problem:
    """Firms of 60 cities, whose effects deviate by city."""
    panel = nqp.simulation.firms(seed=1, n_firms=800, cities=100, covariates=()).panel
    return nqp.StaggeredDiD(nqp.PartialPooling(list(panel.roles.strata), varying="city")), panel


def mediation() -> Problem:
    """Forty units with two channels."""
    frame = nqp.simulation.staggered(
        units=40, periods=8, cohorts=(4, 6), rho=0.3, sigma=0.5, seed=1
    ).panel.frame
    generator = np.random.default_rng(2)
    treated = (frame["time"] >= frame["cohort"]).astype(float)
    frame = frame.assign(
        digital=2 * treated + generator.normal(0, 0.6, len(frame)),
        finance=generator.normal(0, 0.6, len(frame)),
    )
    frame["outcome"] += frame["digital"]
    panel = nqp.Panel.from_frame(
        frame, **SIMULATED, strata=["region"], mediators=["digital", "finance"]
    )
    return nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"))), panel


def exposure() -> Problem:
    """Thirty units whose exposure wanders."""
    generator = np.random.default_rng(3)
    n, t = 30, 10
    dose = generator.normal(size=(n, t)).cumsum(axis=1) + generator.uniform(1, 3, (n, 1))
    slope = 0.7 + 0.2 * generator.normal(size=(n, 1))
    y = generator.normal(size=(n, 1)) + 0.1 * np.arange(t) + slope * dose
    y = y + generator.normal(size=(n, t))
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(n), t), "time": np.tile(np.arange(2010, 2010 + t), n),
        "region": np.repeat(np.where(np.arange(n) % 2, "coastal", "inland"), t),
        "y": y.ravel(), "dose": dose.ravel(),
    })  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", outcome="y", strata=["region"], exposures=["dose"]
    )
    return nqp.ContinuousExposure("dose", nqp.PartialPooling(["region"], varying="unit")), panel


def china(path: Path) -> Problem:
    """Pilot zones and ln(nqpf) of prefectures, inland and coastal."""
    frame = pd.read_csv(path, encoding="utf-8-sig")
    frame["ln_nqpf"] = np.log(frame["nqpf"])
    frame["region"] = frame["coastal_province"].map({0.0: "inland", 1.0: "coastal"})
    panel = nqp.Panel.from_frame(
        frame.dropna(subset=["region"]), unit="code", time="year", cohort="cbec_year",
        outcome="ln_nqpf", strata=["region"],
    )  # fmt: skip
    return nqp.StaggeredDiD(
        nqp.PartialPooling(["region"], varying="unit"), unidentified="drop"
    ), panel


def numbers(fit: nqp.Fit) -> Iterator[tuple[str, float, float]]:
    """Name, mean and standard deviation of every parameter and every cell's effect."""
    posterior = fit.posterior.stack(sample=("chain", "draw"))
    for name, draws in posterior.data_vars.items():
        if set(draws.dims) == {"sample"}:
            yield str(name), float(draws.mean()), float(draws.std())
    effect = fit.effects["effect"].stack(sample=("chain", "draw")).transpose(..., "sample")
    flat = effect.to_numpy().reshape(-1, effect.sizes["sample"])
    for k, draws in enumerate(flat):
        yield f"effect {k}", float(draws.mean()), float(draws.std())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--china", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--draws", type=int, default=5000)
    args = parser.parse_args()
    problems: dict[str, Callable[[], Problem]] = {
        "castle": castle, "firms": firms, "mediation": mediation, "exposure": exposure,
    }  # fmt: skip
    if args.china is not None:
        problems["china"] = lambda: china(args.china)
    former = {} if args.write else json.loads(TABLE.read_text(encoding="utf-8"))
    table: dict[str, dict[str, tuple[float, float]]] = {}
    for name, problem in problems.items():
        design, panel = problem()
        fit = nqp.fit(design, panel, sampler(args.draws), progress=False)
        table[name] = {key: (mean, sd) for key, mean, sd in numbers(fit)}
        print(f"{name}: {fit.gate}, {len(table[name])} numbers", flush=True)
        if not args.write:
            compare(table[name], former[name])
    if args.write:
        args.write.write_text(json.dumps(table, indent=0) + "\n", encoding="utf-8")


def sampler(draws: int) -> object:
    """The default sampler, with as many proposals as its draws deserve."""
    return nqp.Importance(draws=draws, proposals=20 * draws, seed=1)


def compare(now: dict[str, tuple[float, float]], former: dict[str, list[float]]) -> None:
    """Print the largest differences of means and standard deviations."""
    assert set(now) == set(former), set(now) ^ set(former)
    shift = {k: (now[k][0] - former[k][0]) / former[k][1] for k in former}
    ratio = {k: now[k][1] / former[k][1] for k in former}
    worst = max(shift, key=lambda k: abs(shift[k]))
    spread = max(ratio, key=lambda k: abs(np.log(ratio[k])))
    above = sum(abs(x) > 0.05 for x in shift.values())
    print(
        f"  means: {shift[worst]:+.3f} sd ({worst}), {above} above .05; "
        f"sds: {ratio[spread]:.3f} ({spread})"
    )


if __name__ == "__main__":
    main()
