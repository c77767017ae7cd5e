"""Run: python -m benchmarks.clean_designs [--panels N] [--collect]; an interrupted run goes on.

What all checks say of panels in which everything that a design assumes is true, design by design:
lags and rings, exposures, pairs, channels, shared shocks, factors, firms. `benchmarks.battery` has
the default's. Rows a panel in .cache/clean_designs, kept in benchmarks/measured by --collect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp.checks import run_checks
from bayes_nqp.checks.shared import DOUBT, FAILS
from bayes_nqp.model.designs import Design

from ._store import ROOT, Program, Store
from .earned import markdown
from .exposure_heterogeneity import made as exposed
from .worlds import ar1

type Array = npt.NDArray[np.float64]
type Case = tuple[Design, nqp.Panel]

STORE = Store("clean_designs")
PAGE: Final = ROOT / "benchmarks" / "results" / "checks.md"
SEED: Final = 53_000_000
UNITS: Final = 120
SIMULATION = nqp.simulation
POOLED: Final = nqp.PartialPooling()
SAME: Final = nqp.CompletePooling(varying=None)
ROLES: Final = {"unit": "unit", "time": "time", "outcome": "outcome", "cohort": "cohort"}


def plain(seed: int, **more: Any) -> nqp.Panel:
    """Units with coordinates, three cohorts and two in five never treated."""
    shape = {"units": UNITS, "periods": 12, "cohorts": (5, 7, 9), "never": 0.4}
    return SIMULATION.staggered(**{**shape, "strata": {}, **more, "seed": seed}).panel


def besides(
    panel: nqp.Panel, values: Callable[[Array, pd.DataFrame], Array], **more: Any
) -> nqp.Panel:
    """The panel with another outcome, of units × periods."""
    frame = panel.frame.sort_values(["unit", "time"])
    y = frame["outcome"].to_numpy().reshape(UNITS, -1)
    return nqp.Panel.from_frame(frame.assign(outcome=values(y, frame).ravel()), **ROLES, **more)


def rings(seed: int) -> Case:
    """Untreated units within 50 and 100 km receive."""
    bands = nqp.Rings([50.0, 100.0])
    near = SIMULATION.Spillover(bands, untreated=(0.5, 0.25))
    design = nqp.StaggeredDiD(spillovers=bands, unidentified="drop")
    return design, plain(seed, spillover=near)


def lag(
    seed: int,
    delta: float = 0.0,
    theta: float = 0.4,
    effect: nqp.CompletePooling | nqp.PartialPooling = POOLED,
    **more: Any,
) -> Case:
    """Units receive of the four nearest, and outcomes, or errors, follow theirs."""
    near = SIMULATION.Spillover(nqp.Rings([100.0]), untreated=(0.0,))
    panel = plain(seed, spillover=near, deviation_sd=0.0 if effect == SAME else 0.3)
    links = nqp.spatial_weights.nearest(panel, k=4)

    def fed(y: Array, frame: pd.DataFrame) -> Array:
        w = links.aligned(list(frame["unit"].unique())).matrix.toarray()
        policy = (frame["time"] >= frame["cohort"]).to_numpy().reshape(UNITS, -1)
        received, own = theta * w @ policy, 1.0 * policy
        if not more.get("error"):
            return np.linalg.solve(np.eye(UNITS) - delta * w, y + received)
        return own + received + np.linalg.solve(np.eye(UNITS) - delta * w, y - own)

    return nqp.StaggeredDiD(effect, spillovers=nqp.SpatialLag(links, **more)), besides(panel, fed)


def exposure(seed: int) -> Case:
    """One slope of a continuous exposure."""
    return nqp.ContinuousExposure("dose"), exposed("one slope", 90, seed)[0]


def on_and_off(seed: int) -> Case:
    """A policy of ones and zeros that begins and ends, and acts while it is in force."""
    rng = np.random.default_rng(seed)
    start = np.where(rng.random((UNITS, 1)) < 0.6, rng.integers(2, 7, (UNITS, 1)), 99)
    t, length = np.arange(12), rng.integers(2, 5, (UNITS, 1))
    policy = ((t >= start) & (t < start + length)) * 1.0
    y = rng.standard_normal((UNITS, 1)) + np.cumsum(rng.normal(0.0, 0.3, 12)) + policy
    unit, time = np.divmod(np.arange(policy.size), 12)
    frame = pd.DataFrame({"unit": unit, "time": time, "policy": policy.ravel()})
    frame["y"] = (y + 0.8 * ar1(rng, UNITS, 0.5, 1.0)[:, :12]).ravel()
    roles = {"unit": "unit", "time": "time", "outcome": "y"}
    return nqp.ContinuousExposure("policy"), nqp.Panel.from_frame(
        frame, **roles, exposures="policy"
    )


def provinces(seed: int, lasting: bool) -> tuple[nqp.Panel, str]:
    """Units of twenty provinces that share shocks."""
    rng = np.random.default_rng(seed)
    province = rng.permutation(np.arange(UNITS) % 20)
    shocks = rng.normal(0.0, 0.5, (20, 12))
    for s in range(1, 12 if lasting else 0):
        shocks[:, s] += 0.5 * shocks[:, s - 1]
    panel = plain(seed)
    frame = panel.frame.sort_values(["unit", "time"])
    frame["province"] = [f"p{k}" for k in np.repeat(province, 12)]
    frame["outcome"] += shocks[province].ravel()
    return nqp.Panel.from_frame(frame, **ROLES, strata="province"), "province"


def shared_shocks(seed: int) -> Case:
    """Provinces share shocks that last."""
    panel, by = provinces(seed, lasting=True)
    return nqp.StaggeredDiD(
        time=nqp.TimeEffects(), shocks=nqp.ClusterTimeEffects(by, errors=nqp.AR1())
    ), panel


def province_years(seed: int) -> Case:
    """Provinces have time effects of their own."""
    panel, by = provinces(seed, lasting=False)
    return nqp.StaggeredDiD(time=nqp.TimeEffects(by), unidentified="drop"), panel


def factors(seed: int) -> Case:
    """Two common walks whose loadings differ by unit."""
    rng = np.random.default_rng(seed)
    paths = np.cumsum(rng.normal(0.0, 0.4, (2, 12)), axis=1)
    loads = rng.standard_normal((UNITS, 2))
    return nqp.StaggeredDiD(trends=nqp.Factors(2)), besides(
        plain(seed), lambda y, _: y + loads @ paths
    )


def pairs(seed: int, directed: bool = False, shocks: bool = False) -> Case:
    """Pairs of forty nodes."""
    more = {} if shocks else {"shock_sd": 0.0}
    made = SIMULATION.network(nodes=40, directed=directed, seed=seed, **more)
    terms = [nqp.EndpointEffects(directed=directed)] + [
        nqp.NodeTimeEffects(directed=directed)
    ] * shocks
    return nqp.StaggeredDiD(terms=terms), made.panel


def channels(seed: int, **more: Any) -> Case:
    """Three mediators, in two strata."""
    panel = SIMULATION.channels(seed=seed).panel
    return nqp.Mediation(nqp.StaggeredDiD(), panel.roles.mediators, **more), panel


def channel_before(seed: int) -> Case:
    """One mediator, of the period before."""
    panel = plain(seed)
    rng = np.random.default_rng(seed)
    frame = panel.frame.sort_values(["unit", "time"])
    after = (frame["time"] >= frame["cohort"]).to_numpy().reshape(UNITS, 12)
    m = ar1(rng, UNITS, 0.5, 1.0) + 0.8 * after
    frame["m"] = m.ravel()
    frame["outcome"] += 0.5 * np.column_stack([rng.standard_normal(UNITS), m[:, :-1]]).ravel()
    held = nqp.Panel.from_frame(frame, **ROLES, mediators="m")
    return nqp.Mediation(nqp.StaggeredDiD(), "m", lag=1), held


def channels_in_space(seed: int) -> Case:
    """Policy, and mediators, act on the four nearest units as well."""
    panel = SIMULATION.channels_in_space(units=UNITS, seed=seed).panel
    links = nqp.spatial_weights.nearest(panel, k=4)
    design = nqp.StaggeredDiD(spillovers=nqp.SpatialLag(links, lag=False))
    return nqp.Mediation(design, panel.roles.mediators, links=links), panel


def firms(seed: int) -> Case:
    """Firms of forty cities; the policy is that of the city."""
    panel = SIMULATION.firms(
        n_firms=300, cities=40, mediators=("digital",), selection=0.0, seed=seed
    ).panel
    return nqp.StaggeredDiD(unidentified="drop"), panel


def unequal(seed: int) -> Case:
    """Every unit has an error variance of its own."""
    rng = np.random.default_rng(seed)
    scale = np.exp(rng.normal(0.0, 0.5, (UNITS, 1)))
    noisy = besides(
        plain(seed, sigma=0.01), lambda y, _: y + scale * ar1(rng, UNITS, 0.5, 1.0)[:, :12]
    )
    return nqp.StaggeredDiD(errors=nqp.Heteroskedastic(nqp.AR1())), noisy


def covariates(seed: int) -> Case:
    """A covariate that varies over time, and a trait that moderates."""
    rng = np.random.default_rng(seed)
    x, z = ar1(rng, UNITS, 0.5, 1.0)[:, :12], rng.standard_normal((UNITS, 1))
    panel = plain(seed)
    frame = panel.frame.sort_values(["unit", "time"])
    after = (frame["time"] >= frame["cohort"]).to_numpy().reshape(UNITS, 12)
    frame["x"], frame["z"] = x.ravel(), np.repeat(z, 12)
    frame["outcome"] += (0.5 * x + 0.3 * z * after).ravel()
    roles = {**ROLES, "covariates": "x", "moderators": "z"}
    return nqp.StaggeredDiD(covariates="x", moderator="z"), nqp.Panel.from_frame(frame, **roles)


def of(design: nqp.StaggeredDiD, **more: Any) -> Callable[[int], Case]:
    """A design on plain panels."""
    return lambda seed: (design, plain(seed, **more))


KINDS: Final[dict[str, Callable[[int], Case]]] = {
    "rings": rings,
    "lag (SAR)": lambda seed: lag(seed, 0.3, 0.0, durbin=False),
    "lag (SDM)": lambda seed: lag(seed, 0.3),
    "lag of treatment (SLX)": lambda seed: lag(seed, lag=False),
    "SDEM": lambda seed: lag(seed, 0.3, 0.4, SAME, error=True, durbin=True),
    "continuous exposure": exposure,
    "on and off": on_and_off,
    "shared shocks that last": shared_shocks,
    "time effects of provinces": province_years,
    "factors": factors,
    "pairs": pairs,
    "pairs each way": lambda seed: pairs(seed, directed=True),
    "pairs, shocks of nodes": lambda seed: pairs(seed, shocks=True),
    "channels that moderate": lambda seed: channels(seed, interaction=True),
    "channels, a period before": channel_before,
    "channels in space": channels_in_space,
    "firms": firms,
    "unequal errors": unequal,
    "covariate and moderator": covariates,
    "differential trends": of(nqp.StaggeredDiD(trends=nqp.DifferentialTrends())),
    "two periods of anticipation": of(nqp.StaggeredDiD(anticipation=2)),
    "never treated alone": of(nqp.StaggeredDiD(controls="never")),
    "a dip freed": of(nqp.StaggeredDiD(trends=nqp.AshenfelterDip())),
    "a shift of level freed": of(nqp.StaggeredDiD(trends=nqp.PreAdoptionShift())),
    "a fifth of rows missing": of(nqp.StaggeredDiD(), missing=0.2),
    "independent errors": of(nqp.StaggeredDiD(errors=nqp.IID()), rho=0.0),
    "separate effects": of(nqp.StaggeredDiD(nqp.NoPooling())),
}


def measured(world: str, units: int, number: int) -> dict[str, Any]:
    """Verdicts of all checks."""
    design, panel = KINDS[world](SEED + number)
    fit = nqp.fit(design, panel, nqp.Importance(seed=number), progress=False)
    said = {result.name: result.verdict for result in run_checks(fit)}
    return {"world": world, "units": units, "number": number, **said}


def table() -> str:
    """How often something fails or is in doubt, and what."""
    frame = STORE.rows()
    names = [x for x in frame.columns if x not in STORE.keys]
    rows: list[list[Any]] = [["design", "panels", "some check fails", "some in doubt", "which"]]
    for world in KINDS:
        part = frame.loc[frame["world"] == world, names]
        if part.empty:
            continue
        spoken = Counter({x: int(part[x].isin([DOUBT, FAILS]).sum()) for x in names})
        which = ", ".join(f"`{x}` {k}" for x, k in spoken.most_common() if k)
        counts = [int((part == verdict).any(axis=1).sum()) for verdict in (FAILS, DOUBT)]
        rows.append([world, len(part), *counts, which])
    return markdown(rows)


if __name__ == "__main__":
    Program(STORE, PAGE, KINDS, (UNITS,), measured, table).run(__doc__)
