"""Panels with spillovers whose truth is known, and the model of rings written densely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.linalg as sl
from spatial_places import kilometres

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of

EDGES = (100.0, 200.0)


@dataclass(frozen=True)
class Spilled:
    """A simulation, and by row (unit, time) who is treated, in which ring, and what is true."""

    simulated: nqp.simulation.Simulated
    adoption: np.ndarray
    ring: np.ndarray
    since: np.ndarray
    own: np.ndarray
    received: np.ndarray

    @property
    def panel(self) -> nqp.Panel:
        return self.simulated.panel

    @property
    def time(self) -> np.ndarray:
        return np.arange(self.ring.shape[1])[None]

    @property
    def treated(self) -> np.ndarray:
        return self.time >= self.adoption[:, None]


def spilled(
    seed: int = 1,
    units: int = 150,
    periods: int = 14,
    *,
    kappa: tuple[float, float, float] = (0.5, 0.25, 0.3),
    growth: float = 0.0,
    rho: float = 0.6,
    sigma: float = 1.0,
) -> Spilled:
    """Units of which 40 % adopt: untreated rows receive in two rings, treated ones in one.

    Rings, own and received effects are worked out here again, by brute force.

    Parameters
    ----------
    kappa : tuple of float
        Onto untreated rows within 100 km, within 200 km, and onto treated ones within 100 km.
    growth : float
        By which what is received grows in each period of exposure.
    """
    near = nqp.simulation.Spillover(nqp.Rings(EDGES), kappa[:2], (kappa[2], 0.0), growth)
    simulated = nqp.simulation.staggered(
        units=units, periods=periods, cohorts=range(6, periods), never=0.6, strata={},
        effect="growing", level=0.8, growth=0.1, deviation_sd=0.0, rho=rho, sigma=sigma,
        spillover=near, seed=seed,
    )  # fmt: skip
    frame = simulated.panel.frame.drop_duplicates("unit")
    places = frame[["longitude", "latitude"]].to_numpy()
    adoption = frame["cohort"].fillna(100.0).to_numpy(dtype=int) - 1
    km, time = kilometres(places), np.arange(periods)[None]
    distance = np.stack(
        [np.where(adoption[None] <= t, km, np.inf).min(axis=1) for t in range(periods)], axis=1
    )
    ring = np.where(distance <= EDGES[0], 0, np.where(distance <= EDGES[1], 1, -1))
    first = [np.where(distance <= edge, time, 99).min(axis=1) for edge in EDGES]
    since = np.where(ring == 0, first[0][:, None], np.where(ring == 1, first[1][:, None], 99))
    treated = time >= adoption[:, None]
    own = (0.8 + 0.1 * (time - adoption[:, None])) * treated
    size = np.select([ring == 0, ring == 1], [kappa[0], kappa[1]], 0.0)
    size = np.where(treated, kappa[2] * (ring == 0), size)
    received = size + growth * (time - since) * (size > 0)
    return Spilled(simulated, adoption, ring, since, own, received)


def dense(world: Spilled, design: nqp.StaggeredDiD, values: Mapping[str, float]) -> float:
    """Log likelihood of a design with two rings, every coefficient integrated out.

    Flat coefficients are taken out on an orthonormal basis of their columns, others enter through
    the covariance of rows.
    """
    model_frame = model_frame_of(design, world.panel)
    keep = model_frame.kept
    priors, spill = design.facts.priors, design.spillovers
    n, periods = world.ring.shape
    unit, time = (x.ravel()[keep] for x in np.indices((n, periods)))
    treated, ring = world.treated.ravel()[keep], world.ring.ravel()[keep]
    x = time - world.since.ravel()[keep]
    event = time - world.adoption[unit]
    near = (ring >= 0) & ~treated
    sides = [("received", near), *([("received_treated", treated & (ring >= 0))]
             if "treated" in spill.onto else [])]  # fmt: skip
    point = np.array([[values["rho"]]]) if "rho" in values else np.zeros((1, 0))
    noise = design.facts.noise.covariance(periods, point)[0][np.ix_(time, time)]
    v = values["sigma"] ** 2 * np.equal.outer(unit, unit) * noise
    separate = isinstance(design.effect, nqp.NoPooling)
    if not separate:
        v = v + _course(priors, values, "", treated, event)
    if isinstance(design.effect, nqp.PartialPooling):
        v = v + _shared(priors, values, "", treated, world.adoption[unit])
        v = v + _cells(priors, values, "", treated, [world.adoption[unit], time])
        v = v + _shared(priors, values, "received_", near, time - x)
        v = v + _cells(priors, values, "received_", near, [ring, x, time])
    for name, inside in sides[separate:]:
        for k in np.unique(ring[inside]):
            v = v + _course(priors, values, f"{name}_", inside & (ring == k), x)
    if design.effect.varying is not None:
        omega = values.get("scale_deviation", priors.member)
        v = v + omega**2 * np.equal.outer(unit, unit) * np.outer(treated, treated)
    first = np.where(world.ring >= 0, world.since, 99).min(axis=1)[unit]
    before = time - first
    leads = [((before == -k) & ~treated & (first < 99)) * 1.0 for k in range(2, 2 + spill.leads)]
    flat = np.column_stack([np.eye(n)[unit], np.eye(periods)[time], *leads])
    if separate:
        flat = np.column_stack([
            flat, _dummies(treated, [world.adoption[unit], time]), _dummies(near, [ring, x, time])
        ])  # fmt: skip
    basis = sl.null_space(flat.T)
    root = np.linalg.cholesky(basis.T @ v @ basis)
    z = sl.solve_triangular(root,
                            basis.T @ world.panel.outcome[keep] / model_frame.equations[0].scale,
                            lower=True)  # fmt: skip
    return float(-0.5 * z @ z - np.log(np.diag(root)).sum())


def _course(priors, values, prefix, inside, event):  # type: ignore[no-untyped-def]
    """``mu + kappa e + walk(e)`` of some rows."""
    e, on = np.where(inside, event, 0), inside * 1.0
    v = priors.level**2 * np.outer(on, on)
    last = int(e.max())
    if last > 0:
        v = v + priors.drift**2 * np.outer(e, e)
    if last > 1:
        walk = values.get(f"scale_{prefix}walk", priors.walk)
        v = v + walk**2 * np.minimum.outer(e, e)
    return v


def _shared(priors, values, prefix, inside, cohort):  # type: ignore[no-untyped-def]
    levels = np.unique(cohort[inside])
    one = (cohort[:, None] == levels) & inside[:, None]
    if levels.size < 2:
        return 0.0
    if levels.size >= 5:
        return values[f"scale_{prefix}cohort"] ** 2 * one @ one.T.astype(float)
    middle = np.eye(levels.size) - 1.0 / levels.size
    return priors.cohort**2 * one @ middle @ one.T


def _cells(priors, values, prefix, inside, keys):  # type: ignore[no-untyped-def]
    same = np.logical_and.reduce([np.equal.outer(key, key) for key in keys])
    scale = values.get(f"scale_{prefix}cell", priors.cell)
    return scale**2 * same * np.outer(inside, inside)


def _dummies(inside, keys):  # type: ignore[no-untyped-def]
    labels, at = np.unique(np.stack(keys, axis=1)[inside], axis=0, return_inverse=True)
    out = np.zeros((inside.size, len(labels)))
    out[np.flatnonzero(inside), at.ravel()] = 1.0
    return out
