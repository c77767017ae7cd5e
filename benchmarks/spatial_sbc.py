"""Run: python -m benchmarks.spatial_sbc [--replications N] [--collect]; an interrupted run goes on.

Truths drawn from priors and ranked among draws of refits: coefficients of a lag with columns of
linked units' treatment ("SDM"), by who receives it ("receivers"), of errors that
follow those of
linked units ("SDEM") and of the period before ("dynamics"), draws over weights under SAR, which of
three being drawn too ("weights"), and the length of decay ("decay"). The scale of priors is held,
but in mixtures. Dynamics have an adjusted likelihood: ranks say how much that matters. Panels are
of 60 units, 8 or 10 periods. A row a replication in .cache/spatial_sbc, kept in benchmarks/measured
by --collect.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chisquare

import bayes_nqp as nqp
from bayes_nqp._core import vocabulary as v
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import coefficients_of

from ._store import Store
from .earned import markdown

STORE = Store("spatial_sbc", ("case", "number"))
SEED, UNITS, RANKED, BINS = 33_500_000, 60, 99, 10
IDS = [f"u{k:02d}" for k in range(UNITS)]
EFFECT, KM = nqp.CompletePooling(varying=None), (25.0, 50.0, 100.0, 200.0, 400.0)
TERMS = ("level", "drift", "walk")
HALF = np.array(["a", "b"])[np.arange(UNITS) // 4 % 2]


def panel_of(periods: int, *strata: str) -> tuple[nqp.Panel, np.ndarray]:
    """Places, two dates of adoption, and an outcome of which only the scale is used."""
    rng = np.random.default_rng(UNITS)
    place = np.column_stack([110 + 8 * rng.random(UNITS), 28 + 8 * rng.random(UNITS)])
    start = np.array([periods // 2, periods // 2 + 2, 99, 99])[np.arange(UNITS) % 4]
    time = np.arange(periods)
    columns = {
        "unit": np.repeat(IDS, periods), "time": np.tile(time, UNITS),
        "y": rng.standard_normal(UNITS * periods),
        "cohort": np.repeat(np.where(start < 99, start, np.nan), periods),
        "longitude": np.repeat(place[:, 0], periods), "latitude": np.repeat(place[:, 1], periods),
        "half": np.repeat(HALF, periods),
    }  # fmt: skip
    panel = nqp.Panel.from_frame(
        pd.DataFrame(columns), unit="unit", time="time", cohort="cohort", outcome="y", strata=strata
    )
    return panel, time >= start[:, None]


def sampler(seed: int) -> nqp.Importance:
    """Draws of a seed of their own: shared ones are ranked alike in every replication."""
    return nqp.Importance(draws=500, seed=seed)


def drawn(design: nqp.StaggeredDiD, panel: nqp.Panel, seed: int) -> Any:
    """One draw of the prior, with outcomes (unit, period)."""
    return nqp.prior_predictive(design, panel, draws=1, seed=seed)


def table(panel: nqp.Panel, values: np.ndarray) -> np.ndarray:
    """Rows as units by periods."""
    out = np.zeros((panel.unit_labels.size, panel.periods))
    out[panel.unit_codes, panel.time_codes] = values
    return out


def with_outcome(panel: nqp.Panel, values: np.ndarray) -> nqp.Panel:
    """The panel with another outcome (unit, period)."""
    return panel.with_outcome(values[panel.unit_codes, panel.time_codes])


def own_of(panel: nqp.Panel, prior: Any, policy: np.ndarray) -> np.ndarray:
    """Effects of cells on their units and periods (unit, period)."""
    cohort = panel.cohort_labels
    out = np.zeros(policy.shape)
    effect = prior["effect"].isel(chain=0, draw=0, path=0)
    for cell in range(effect.sizes[v.CELL]):
        at = effect.isel(cell=cell)
        when = panel.time_labels == at[v.TIME].item()
        out[np.ix_(cohort == at[v.COHORT].item(), when)] = at.item()
    return out * policy


def dynamics(seed: int) -> dict[str, tuple[float, np.ndarray]]:
    """A dynamic SAR: all of it from its priors."""
    panel, policy = panel_of(10)
    near = nqp.spatial_weights.nearest(panel, k=4)
    w, rng = near.aligned(IDS).matrix.toarray(), np.random.default_rng([seed, 1])
    plain = nqp.StaggeredDiD(EFFECT, nqp.IID(), nqp.TimeEffects())
    design = plain.variant({"spillovers": nqp.SpatialLag(near, durbin=False, dynamics=True)})
    scale = model_frame_of(design, panel).equations[0].scale
    prior = drawn(plain.variant({"priors": nqp.Priors(wide=1.0)}), panel, seed)
    sampled = 2.0 * rng.beta(3.0, 3.0, 3) - 1.0
    while not (-0.95 < sampled[0] < 0.97 and (np.abs(sampled[1:]) < 0.99).all()):
        sampled = 2.0 * rng.beta(3.0, 3.0, 3) - 1.0
    delta, tau, psi = coefficients_of(sampled[None])[0]
    inverse = np.linalg.inv(np.eye(UNITS) - delta * w)
    rows = table(panel, prior["outcome"].to_numpy()[0, 0])
    kept = inverse @ (tau * np.eye(UNITS) + psi * w)
    own, y, total = own_of(panel, prior, policy), np.zeros(rows.shape), np.zeros(rows.shape)
    for t in range(panel.periods):
        y[:, t] = inverse @ rows[:, t]
        total[:, t] = inverse @ own[:, t]
        if t:
            y[:, t] += kept @ y[:, t - 1]
            total[:, t] += kept @ total[:, t - 1]
    fit = nqp.fit(design, with_outcome(panel, y), sampler(seed), scale=scale, progress=False)
    found = nqp.spatial_dynamics(fit)
    sigma = float(prior["outcome__sigma"].to_numpy().ravel()[0])
    return {
        "delta": (delta, found.sel(coefficient="delta")),
        "tau": (tau, found.sel(coefficient="tau")),
        "psi": (psi, found.sel(coefficient="psi")),
        "keeps of a shared outcome": (sampled[1], (
            found.sel(coefficient="tau") + found.sel(coefficient="psi")
        ) / (1.0 - found.sel(coefficient="delta"))),
        "total effect": (total[policy].mean(), nqp.att(fit)),
        "sigma": (sigma, fit.posterior["outcome__sigma"]),
    }  # fmt: skip


def linked(
    seed: int, *, error: bool, by: Sequence[str] = ()
) -> dict[str, tuple[float, np.ndarray]]:
    """SDM, or SDEM where errors follow those of linked units: all of it from its priors."""
    panel, policy = panel_of(8, *by)
    near, rng = nqp.spatial_weights.nearest(panel, k=4), np.random.default_rng([seed, 1])
    w = near.aligned(IDS).matrix.toarray()
    plain = nqp.StaggeredDiD(EFFECT, nqp.AR1(), nqp.TimeEffects())
    columns = nqp.SpatialLag(near, durbin=["treatment"], lag=False, receivers=by)
    design = plain.variant(
        {"spillovers": nqp.SpatialLag(near, durbin=True, error=error, receivers=by)}
    )
    scale = model_frame_of(design, panel).equations[0].scale
    wide = {"priors": nqp.Priors(wide=1.0), "spillovers": columns}
    prior = drawn(plain.variant(wide), panel, seed)
    delta = 2.0 * rng.beta(3.0, 3.0) - 1.0
    while not -0.95 < delta < 0.97:
        delta = 2.0 * rng.beta(3.0, 3.0) - 1.0
    inverse = np.linalg.inv(np.eye(UNITS) - delta * w)
    own = own_of(panel, prior, policy)
    near_of = linked_columns(prior, policy)
    halves = [HALF == x for x in "ab"] if by else [HALF != ""]
    onto = [np.diag(inside * 1.0) @ w for inside in halves]
    received = sum(
        value * (links @ (policy & at)) for links, part in zip(onto, near_of, strict=True)
        for value, at in part
    )  # fmt: skip
    rows, mean = table(panel, prior["outcome"].to_numpy()[0, 0]), own + received
    y = mean + inverse @ (rows - mean) if error else inverse @ rows
    total = mean if error else inverse @ mean
    direct = (
        own
        if error
        else np.diag(inverse)[:, None] * own
        + sum(
            value * np.diag(inverse @ links)[:, None] * (policy & at)
            for links, part in zip(onto, near_of, strict=True)
            for value, at in part
        )
    )
    fit = nqp.fit(design, with_outcome(panel, y), sampler(seed), scale=scale, progress=False)
    out = {
        "total effect": (total[policy].mean(), nqp.att(fit)),
        "direct effect": (direct[policy].mean(), nqp.att(fit, path="direct")),
    }  # fmt: skip
    bare = ~policy & policy.any(axis=0)
    for level in np.unique(HALF) if by else ():
        truth = (total * (bare & (HALF == level)[:, None])).sum()
        draws = nqp.spillover_effects(fit, by="half").sel(half=level)
        out[f"received in {level}"] = (truth / (bare & (HALF == level)[:, None]).sum(), draws)
    lag = next(x for x in fit.posterior if x.endswith(("__delta", "__lambda")))
    names = [str(lag), "outcome__linked_level", "outcome__rho", "outcome__sigma"]
    for name in names:
        truth = delta if name == lag else float(prior[name].to_numpy().ravel()[0])
        # Of two levels of receivers the first.
        dims = [d for d in fit.posterior[name].dims if d not in v.SAMPLE_DIMS]
        draws = fit.posterior[name].isel(dict.fromkeys(dims, 0))
        out[name.removeprefix("outcome__")] = (truth, draws)
    return out


def linked_columns(prior: Any, policy: np.ndarray) -> list[list[tuple[float, np.ndarray]]]:
    """Effects of linked units' treatment by periods since their adoption, and where they are.

    A list for each level of those who receive.
    """
    event = np.arange(policy.shape[1]) - start_of(policy)[:, None]
    level, drift, walk = (prior[f"outcome__linked_{x}"].to_numpy().ravel() for x in TERMS)
    last = int(event[policy].max())
    return [
        [(a + b * e + steps[:e].sum(), event == e) for e in range(last + 1)]
        for a, b, steps in zip(level, drift, walk.reshape(level.size, -1), strict=True)
    ]


def weights(seed: int) -> dict[str, tuple[float, np.ndarray]]:
    """SAR under one of three matrices, all from the prior."""
    panel, policy = panel_of(8)
    every = {
        "4 nearest": nqp.spatial_weights.nearest(panel, k=4),
        "10 nearest": nqp.spatial_weights.nearest(panel, k=10),
        "inverse distance": nqp.spatial_weights.inverse_distance(panel, km=500),
    }
    rng = np.random.default_rng([seed, 1])
    name = list(every)[int(rng.integers(3))]
    w = every[name].aligned(IDS).matrix.toarray()
    plain = nqp.StaggeredDiD(EFFECT, nqp.AR1(), nqp.TimeEffects())
    prior = drawn(plain.variant({"priors": nqp.Priors(wide=1.0)}), panel, seed)
    delta = 2.0 * rng.beta(3.0, 3.0) - 1.0
    while not -0.95 < delta < 0.97:
        delta = 2.0 * rng.beta(3.0, 3.0) - 1.0
    inverse = np.linalg.inv(np.eye(UNITS) - delta * w)
    own = own_of(panel, prior, policy)
    y = inverse @ table(panel, prior["outcome"].to_numpy()[0, 0])
    scale = model_frame_of(plain, panel).equations[0].scale
    fit = nqp.fit(plain, with_outcome(panel, y), sampler(seed), scale=scale, progress=False)
    answer = nqp.weights_probabilities(fit, every, forms=["SAR"])
    shares = answer.weights.reindex(list(every)).fillna(0.0)
    total, direct = (inverse @ own)[policy].mean(), (np.diag(inverse)[:, None] * own)[policy].mean()
    # A matrix that is drawn from its probabilities ranks as the true one does.
    place = list(every).index(name)
    below = float(shares.iloc[:place].sum())
    return {
        "P(W)": (below + rng.random() * float(shares.iloc[place]), np.linspace(0.0, 1.0, 1000)),
        "total effect": (total, nqp.att(answer)),
        "direct effect": (direct, nqp.att(answer, path="direct")),
        "received": (total - direct, nqp.att(answer, path="received")),
    }


def decay(seed: int) -> dict[str, tuple[float, np.ndarray]]:
    """Exposure that falls with distance: its length log-uniform, all else from the prior."""
    panel, policy = panel_of(8)
    rng = np.random.default_rng([seed, 1])
    length = float(np.exp(rng.uniform(np.log(KM[0]), np.log(KM[-1]))))
    plain = nqp.StaggeredDiD(EFFECT, nqp.AR1(), nqp.TimeEffects())
    scale = model_frame_of(plain, panel).equations[0].scale
    # Exposure as the prior has it: of a spread that is the same under every length.
    bare = nqp.fit(plain, panel, sampler(seed), scale=scale, progress=False)
    term = nqp.decay(bare, (length,)).models[0].term
    wide = {"priors": nqp.Priors(wide=1.0), "spillovers": term}
    prior = drawn(plain.variant(wide), panel, seed)
    y = table(panel, prior["outcome"].to_numpy()[0, 0])
    fit = nqp.fit(plain, with_outcome(panel, y), sampler(seed), scale=scale, progress=False)
    found = nqp.decay(fit, KM)
    # A length stands for all as far as half of the way to either neighbour.
    ends = np.log(found.km)
    edges = np.concatenate([ends[:1], 0.5 * (ends[1:] + ends[:-1]), ends[-1:]])
    place = np.searchsorted(found.km, found.length)
    spread = np.exp(rng.uniform(edges[place], edges[place + 1]))
    own = own_of(panel, prior, policy)[policy].mean()
    w = term.weights.aligned(IDS).matrix.toarray()
    (columns,) = linked_columns(prior, policy)
    received = sum(value * (w @ (policy & at)) for value, at in columns)[policy].mean()
    return {
        "length": (length, spread),
        "total effect": (own + received, nqp.att(found)),
        "direct effect": (own, nqp.att(found, path="direct")),
        "received": (received, nqp.att(found, path="received")),
    }


def start_of(policy: np.ndarray) -> np.ndarray:
    """First treated period of units; one beyond the last of others."""
    return np.where(policy.any(axis=1), policy.argmax(axis=1), policy.shape[1])


CASES: dict[str, Callable[[int], dict[str, tuple[float, Any]]]] = {
    "SDM": partial(linked, error=False), "SDEM": partial(linked, error=True),
    "receivers": partial(linked, error=False, by=("half",)),
    "dynamics": dynamics, "weights": weights, "decay": decay,
}  # fmt: skip


def replication(case: str, number: int) -> dict[str, int]:
    """Ranks of truths among evenly spaced draws, by quantity."""
    ranks = {}
    for name, (truth, draws) in CASES[case](SEED + 10_000 * len(case) + number).items():
        flat = np.asarray(draws).ravel()
        thinned = flat[((np.arange(RANKED) + 0.5) * flat.size / RANKED).astype(int)]
        ranks[name] = int((thinned < truth).sum())
    return ranks


def lines(case: str, rows: pd.DataFrame) -> list[list[str]]:
    """A row a quantity: mean rank, spread over that of uniform ranks, chi-square, coverage."""
    out = []
    for name, ranks in rows.drop(columns=list(STORE.keys)).dropna(axis=1).items():
        share = (ranks.to_numpy(float) + 0.5) / (RANKED + 1.0)
        counts = np.histogram(share, BINS, (0.0, 1.0))[0]
        inside = [np.mean(np.abs(share - 0.5) < p / 2) for p in (0.5, 0.95)]
        cells = [share.mean(), share.std() * np.sqrt(12.0), chisquare(counts).pvalue, *inside]
        out.append([case, str(len(rows)), str(name), *(f"{x:.3f}" for x in cells)])
    return out


def main() -> None:
    """Run what is missing, case by case in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--collect", action="store_true")
    asked = parser.parse_args()
    rows = STORE.fill([(case,) for case in asked.only], range(asked.replications), replication)
    head = ["case", "replications", "quantity", "mean rank", "spread", "p", "in 50 %", "in 95 %"]
    every = [line for case in asked.only for line in lines(case, rows[rows["case"] == case])]
    print(markdown([head, *every]))
    if asked.collect:
        STORE.keep()


if __name__ == "__main__":
    main()
