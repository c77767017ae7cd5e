"""Compare the dynamics of a real city panel with those of simulated cities.

The results are in benchmarks/results/simulated_places.md.

python -m benchmarks.simulated_places [../shared/data/china/city_nqpf_cbec_2010_2021.csv]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp.data.simulation._errors import distances

SEEDS = 5
RINGS = ((0, 100), (100, 200), (200, 300), (300, 500))
CASES: dict[str, dict[str, Any]] = {
    "default": {},
    "2010 to 2021": {"years": (2010, 2021)},
    "2010 to 2021, trend .24": {"years": (2010, 2021), "trend": 0.24},
}


def two_way(wide: pd.DataFrame) -> np.ndarray:
    """Take unit and time means out."""
    net = wide.sub(wide.mean(axis=1), axis=0).sub(wide.mean(), axis=1) + wide.to_numpy().mean()
    return net.to_numpy()


def expected(rho: float, periods: int) -> tuple[float, float]:
    """First autocorrelation and variance within units of a stationary AR(1) of sd 1."""
    lags = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    centre = np.eye(periods) - 1.0 / periods
    within = centre @ (rho**lags / (1.0 - rho**2)) @ centre
    first = np.trace(within[:-1, 1:]) / np.trace(within[:-1, :-1])
    return float(first), float(np.trace(within) / (periods - 1))


def dynamics(wide: pd.DataFrame, treated: pd.DataFrame) -> dict[str, float]:
    """Spread, persistence and two-way fixed effects of a balanced panel."""
    net, on = two_way(wide), two_way(treated)
    units, periods = net.shape
    found = (net[:, 1:] * net[:, :-1]).sum() / (net[:, :-1] ** 2).sum()
    grid = np.linspace(0.0, 0.99, 500)
    rho = grid[np.argmin([abs(expected(r, periods)[0] - found) for r in grid])]
    within = np.sqrt((net**2).sum() / ((units - 1) * (periods - 1)))
    return {
        "between / within sd": wide.mean(axis=1).std() / within,
        "AR(1), corrected for unit means": rho,
        "innovation / within sd": 1.0 / np.sqrt(expected(rho, periods)[1]),
        "TWFE / within sd": (net * on).sum() / (on**2).sum() / within,
        "within": within,
    }


def near(wide: pd.DataFrame, longitude: np.ndarray, latitude: np.ndarray, rho: float) -> list[str]:
    """Correlation of innovations between places, by distance."""
    net = two_way(wide)
    table = np.corrcoef(net[:, 1:] - rho * net[:, :-1])
    far = distances(longitude, latitude)
    pairs = np.triu_indices(len(net), 1)
    return [f"{table[pairs][(far[pairs] > a) & (far[pairs] <= b)].mean():.2f}" for a, b in RINGS]


def real(path: Path) -> None:
    """Print what the real panel shows."""
    frame = pd.read_csv(path, encoding="utf-8-sig").assign(y=lambda f: np.log(f["nqpf"]))
    frame["on"] = 1.0 * (frame["year"] >= frame["cbec_year"])
    wide, on = (frame.pivot(index="code", columns="year", values=c) for c in ("y", "on"))
    found = dynamics(wide, on)
    where = (
        frame.drop_duplicates("code").set_index("code").loc[wide.index].dropna(subset="longitude")
    )
    shown = near(
        wide.loc[where.index], where["longitude"].to_numpy(), where["latitude"].to_numpy(),
        found["AR(1), corrected for unit means"],
    )  # fmt: skip
    report("real, ln(nqpf)", found, shown)


def simulated(name: str, arguments: dict[str, Any]) -> None:
    """Print what simulated panels show, on average over seeds."""
    rows, rings = [], []
    places = nqp.datasets.prefectures().set_index("code")
    for seed in range(SEEDS):
        panel = nqp.simulation.cities(seed=seed, **arguments)
        frame = panel.panel.frame.assign(on=lambda f: 1.0 * (f["year"] >= f["zone_year"]))
        wide, on = (frame.pivot(index="code", columns="year", values=c) for c in ("nqp", "on"))
        found = dynamics(wide, on)
        by = nqp.att(panel.truth, by="event_time").squeeze().to_numpy()
        found |= {
            "true ATT / within sd": nqp.att(panel.truth).item() / found["within"],
            "true effect at 0 / within sd": by[0] / found["within"],
            "true effect at 5 / within sd": by[5] / found["within"],
            "true ATT": nqp.att(panel.truth).item(),
            "gain": float(panel.parameters["gain"]),  # type: ignore[arg-type]
            "mean index": float(panel.panel.outcome.mean()),
        }
        rows.append(found)
        where = places.loc[wide.index]
        rings.append(
            near(wide, where["longitude"].to_numpy(), where["latitude"].to_numpy(),
                 found["AR(1), corrected for unit means"])
        )  # fmt: skip
    mean = pd.DataFrame(rows).mean().to_dict()
    report(name, mean, [f"{x:.2f}" for x in np.array(rings, dtype=float).mean(axis=0)])


def report(name: str, found: dict[str, float], rings: list[str]) -> None:
    """Print one panel."""
    print(f"{name}: innovations at {RINGS} km {rings}")
    for what, value in found.items():
        print(f"    {what}: {value:.3f}")


if __name__ == "__main__":
    for path in sys.argv[1:]:
        real(Path(path))
    for label, chosen in CASES.items():
        simulated(label, chosen)
