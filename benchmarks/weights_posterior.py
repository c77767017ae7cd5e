"""Which weights: how often the right ones are chosen, and how intervals over them cover.

    python -m benchmarks.weights_posterior [--panels N] [--only WORLD] [--seed FIRST] [--forms]

80 places, 10 periods, half of which adopt at dates of 3 to 7, AR(1) errors of .5, a covariate;
outcomes follow those of the five nearest by delta, treatment and x of linked units by theta times
what a unit's own do. Strengths are dealt, so that the data tell much or little. Compared are the
five and the ten nearest, all by one over their distance, and five at random. "Ahead" are the sds,
sqrt(2 (log L - log L')), by which the maximum of the Durbin model under the right weights is above
that under any other. Intervals of the average effect, total and own: of Durbin models over weights
("over W"), of the Durbin model under the weights chosen
("chosen W"), and with --forms over weights and forms. A row a panel in .cache/weights_posterior
(weights_and_forms), kept in benchmarks/measured by --collect.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg

import bayes_nqp as nqp

from ._coverage import COVERS, against
from ._store import Store
from .earned import markdown

KEYS = ("world", "seed")
STORES = {False: Store("weights_probabilities", KEYS), True: Store("weights_and_forms", KEYS)}
"""Without forms, and with them."""
UNITS, PERIODS, RHO = 80, 10, 0.5
WORLDS = {"SDM": (True, True), "SAR": (True, False), "SLX": (False, True)}
"""Whether outcomes follow others', and whether columns of linked units enter."""
DELTA, THETA = (0.1, 0.2, 0.3, 0.45), (0.25, 0.5, 0.75)
RIGHT = "5 nearest"


def matrices(place: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Links by name; rows sum to one."""
    apart = np.linalg.norm(place[:, None] - place, axis=2) + 1e9 * np.eye(UNITS)
    order = np.argsort(apart, axis=1)
    out = {"inverse distance": (1.0 / apart) * (1.0 - np.eye(UNITS))}
    for k in (5, 10):
        out[f"{k} nearest"] = np.zeros((UNITS, UNITS))
        out[f"{k} nearest"][np.arange(UNITS)[:, None], order[:, :k]] = 1.0
    out["random"] = np.zeros((UNITS, UNITS))
    for i in range(UNITS):
        others = np.delete(np.arange(UNITS), i)
        out["random"][i, rng.choice(others, 5, replace=False)] = 1.0
    return {name: x / x.sum(axis=1, keepdims=True) for name, x in out.items()}


def highest(y: np.ndarray, x: np.ndarray, w: np.ndarray) -> float:
    """Maximum of the log likelihood of a Durbin model, errors known but for their size."""
    between, within = (linalg.null_space(np.ones((1, k))) for k in (UNITS, PERIODS))
    time = np.arange(PERIODS)
    law = within.T @ (RHO ** np.abs(time[:, None] - time)) @ within
    turn = within @ np.linalg.inv(np.linalg.cholesky(law)).T

    def rows(values: np.ndarray) -> np.ndarray:
        return (between.T @ values @ turn).ravel()

    columns = np.stack([rows(z) for c in x for z in (c, w @ c)], axis=1)
    q = np.linalg.qr(columns)[0]
    e, near = (z - q @ (q.T @ z) for z in (rows(y), rows(w @ y)))
    roots, delta = np.linalg.eigvals(between.T @ w @ between), np.linspace(-0.6, 0.9, 301)
    ground = (PERIODS - 1) * np.log(np.abs(1.0 - delta[:, None] * roots)).sum(axis=1)
    squares = e @ e - 2.0 * delta * (e @ near) + delta**2 * (near @ near)
    return float((ground - 0.5 * e.size * np.log(squares)).max())


def answer(world: str, seed: int, *, forms: bool) -> dict[str, Any]:
    """Of one panel: probabilities, and whether intervals cover."""
    follows, linked = WORLDS[world]
    rng = np.random.default_rng([seed, len(world), ord(world[1])])
    every = matrices(rng.random((UNITS, 2)), rng)
    w, eye = every[RIGHT], np.eye(UNITS)
    delta = float(rng.choice(DELTA)) * follows
    theta = float(rng.choice(THETA)) * linked
    start = np.where(rng.random(UNITS) < 0.5, 99, rng.integers(3, 8, UNITS))
    time = np.arange(PERIODS)
    policy = (time >= start[:, None]).astype(float)
    x = rng.standard_normal((UNITS, PERIODS))
    errors = np.zeros((UNITS, PERIODS))
    errors[:, 0] = rng.standard_normal(UNITS) / np.sqrt(1 - RHO**2)
    for t in range(1, PERIODS):
        errors[:, t] = RHO * errors[:, t - 1] + rng.standard_normal(UNITS)
    inverse = np.linalg.inv(eye - delta * w)
    mean = policy + 0.5 * x
    noise = errors + rng.standard_normal((UNITS, 1)) + rng.standard_normal(PERIODS)
    y = inverse @ (mean + theta * w @ mean + noise)
    treated = policy == 1.0
    total = (inverse @ (policy + theta * w @ policy))[treated].mean()
    itself = np.diag(inverse) + theta * np.diag(inverse @ w)
    own = (itself[:, None] * policy)[treated].mean()
    ids = [f"u{k:02d}" for k in range(UNITS)]
    frame = pd.DataFrame(
        {"unit": np.repeat(ids, PERIODS), "time": np.tile(time, UNITS), "y": y.ravel(),
         "x": x.ravel(), "cohort": np.repeat(np.where(start < 99, start, np.nan), PERIODS)}
    )  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", covariates=["x"]
    )
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=nqp.TimeEffects())
    fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=500), progress=False)
    weights = {
        name: nqp.spatial_weights.matrix(pd.DataFrame(links, ids, ids))
        for name, links in every.items()
    }
    event = time - start[:, None]
    late = [policy, policy * event, x]
    heights = {name: highest(y, np.stack(late), links) for name, links in every.items()}
    more = heights.pop(RIGHT) - max(heights.values())
    over = nqp.weights_probabilities(fit, weights, forms=["SDM"])
    chosen = max(over.models, key=lambda model: model.probability)
    out: dict[str, Any] = {
        "ahead": round(float(np.sign(more) * np.sqrt(2.0 * abs(more))), 4),
        "right": round(float(over.weights[RIGHT]), 5), "best": str(over.weights.idxmax()),
    }  # fmt: skip
    answers: dict[str, Any] = {"over": over, "chosen": chosen.fit}
    if forms:
        both = answers["both"] = nqp.weights_probabilities(fit, weights)
        out |= {
            "right_both": float(both.weights[RIGHT]),
            "form": float(both.forms[world]),
            "best_both": str(both.weights.idxmax()),
            "best_form": str(both.forms.idxmax()),
        }
    truths = {"total": total, "direct": own}
    return out | against(
        {f"{name}, {side}": (nqp.att(effects, path=side), truth)
         for name, effects in answers.items() for side, truth in truths.items()}
    )  # fmt: skip


def line(world: str, rows: pd.DataFrame) -> list[Any]:
    """A row of the table."""
    end = "_both" if "form" in rows else ""
    chosen, clear = rows[f"best{end}"] == RIGHT, rows["ahead"] >= 3.0
    cells = [world, len(rows), int(clear.sum())]
    cells += [f"{x:.2f}" for x in (chosen[clear].mean(), chosen.mean(), rows[f"right{end}"].mean())]
    if end:
        cells.append(f"{rows['form'].mean():.2f}")
    for name in ("over", "chosen", *(["both"] if end else [])):
        shares = rows[[f"{name}, {side}{COVERS}" for side in ("total", "direct")]].mean()
        cells.append(" ".join(f"{share:.2f}" for share in shares))
    return cells


def main() -> None:
    """Run what is missing, panel after panel through all worlds, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=100)
    parser.add_argument("--seed", type=int, default=61_000)
    parser.add_argument("--only", choices=list(WORLDS))
    parser.add_argument("--forms", action="store_true")
    parser.add_argument("--collect", action="store_true")
    asked = parser.parse_args()
    store, worlds = STORES[asked.forms], [asked.only] if asked.only else list(WORLDS)
    seeds = range(asked.seed, asked.seed + asked.panels)
    measured = partial(answer, forms=asked.forms)
    rows = store.fill([(world,) for world in worlds], seeds, measured)
    head = ["world", "panels", "3 sd ahead", "chosen there", "chosen in all", "mean P(W)",
            *(["mean P(form)"] if asked.forms else []), "over W", "chosen W",
            *(["over W and forms"] if asked.forms else [])]  # fmt: skip
    print(markdown([head, *(line(x, rows[rows["world"] == x]) for x in worlds)]))
    if asked.collect:
        store.keep()


if __name__ == "__main__":
    main()
