"""Coverage of sums and contrasts of channels whose errors are correlated, as Markdown.

python -m benchmarks.related_mediators --replications 150

At known scales, rho and sigma, without sampling: coefficients alone are drawn, once with errors
that follow the estimated correlation of innovations, once independently by equation.
"""

from __future__ import annotations

import argparse

import numpy as np
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp.data.simulation import Channel, channels
from bayes_nqp.inference.fitting._correlated_equations import Correlated, correlated
from bayes_nqp.inference.fitting._draws import Recovered, recovered
from bayes_nqp.inference.fitting._effects_dataset import effects_dataset
from bayes_nqp.inference.fitting._parameters import point_at
from bayes_nqp.inference.fitting._paths import paths_of
from bayes_nqp.inference.model_frame import ModelFrame, model_frame_of

MEDIATORS = {name: Channel(level=0.6, slope=0.5) for name in ("one", "two", "three")}
DESIGN = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), nqp.AR1()))
KNOWN = {
    "rho": 0.5, "sigma": 1.0, "scale_walk": 0.1, "scale_cohort": 0.1, "scale_cell": 0.1,
    "scale_deviation": 0.2,
}  # fmt: skip
DRAWS, SEED = 500, 40_000
GROUPS = {"overall": None, "by region": "region", "by event time": "event_time"}


def quantities(effects: xr.Dataset) -> dict[str, np.ndarray]:
    """Joint indirect effect, difference of two channels and total effect (draw, group)."""
    found = {}
    for group, by in GROUPS.items():
        via = nqp.nie(effects, by=by)
        for name, draws in {
            "joint indirect": via.sum("mediator"),
            "one − two": via.sel(mediator="one") - via.sel(mediator="two"),
            "total": nqp.total(effects, by=by),
        }.items():
            found[f"{name}, {group}"] = draws.to_numpy().reshape(
                draws.sizes["chain"] * draws.sizes["draw"], -1
            )
    return found


def effects_of(model_frame: ModelFrame, draws: list[Recovered]) -> xr.Dataset:
    """Put draws of equations together."""
    paths = paths_of(model_frame, draws)
    own = None if paths.deviation is None else paths.deviation[None]
    return effects_dataset(
        model_frame, paths.effect[None], own, paths=paths.names, gate="unverified",
        attrs={"target": "sample"},
    )  # fmt: skip


def replicate(number: int, related: float) -> list[list[tuple[float, float]]]:
    """Coverage and width of every quantity, by both ways."""
    simulated = channels(mediators=MEDIATORS, units=80, related=related, seed=SEED + number)
    model_frame = model_frame_of(DESIGN, simulated.panel)
    xs = [np.repeat(point_at(one, KNOWN)[None], DRAWS, axis=0) for one in model_frame.equations]
    found = correlated(model_frame.equations[1:], [x[None] for x in xs[1:]], number)
    assert isinstance(found, Correlated)

    def own() -> list[np.random.Generator]:
        return [np.random.default_rng([number, k]) for k in range(len(xs))]

    outcome = recovered(model_frame, model_frame.equations[0], xs[0], own()[0])
    truth = quantities(simulated.truth)
    scores: list[list[tuple[float, float]]] = []
    for streams in (found.streams(own()[1:], DRAWS), own()[1:]):
        draws = [outcome]
        for one, x, stream in zip(model_frame.equations[1:], xs[1:], streams, strict=True):
            draws.append(recovered(model_frame, one, x, stream))
        scores.append([])
        for name, values in quantities(effects_of(model_frame, draws)).items():
            low, high = np.quantile(values, [0.025, 0.975], axis=0)
            covered = (low <= truth[name][0]) & (truth[name][0] <= high)
            scores[-1].append((float(covered.mean()), float((high - low).mean())))
    return scores


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=150)
    parser.add_argument("--related", type=float, default=0.6)
    given = parser.parse_args()
    scores = np.array([replicate(k, given.related) for k in range(given.replications)])
    names = quantities(channels(mediators=MEDIATORS, units=80, seed=SEED).truth)
    print("| effect | covers, independent | width | covers, errors shared | width |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, (shared, alone) in zip(names, scores.mean(axis=0).transpose(1, 0, 2), strict=True):
        print(f"| {name} | {alone[0]:.3f} | {alone[1]:.2f} | {shared[0]:.3f} | {shared[1]:.2f} |")


if __name__ == "__main__":
    main()
