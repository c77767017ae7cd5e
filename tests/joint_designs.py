"""Designs whose two equations are stacked, with points of their parameters."""

from __future__ import annotations

import numpy as np
from dense_joint import DenseJoint, frame_of, panel_of
from doors import joint_problem_joint_of as joint_of

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import Stacked

PARTIAL = nqp.PartialPooling(["region"])
DESIGNS = {
    "ar1": (nqp.StaggeredDiD(PARTIAL, nqp.AR1()), (), 0.0),
    "ar1 with gaps and a covariate": (nqp.StaggeredDiD(PARTIAL, nqp.AR1()), ("x",), 0.15),
    "ar1 and noise, with gaps": (
        nqp.StaggeredDiD(PARTIAL, nqp.AR1PlusNoise(), unidentified="drop"), (), 0.1,
    ),
    "iid, one set of time effects": (
        nqp.StaggeredDiD(PARTIAL, nqp.IID(), time=nqp.TimeEffects()), (), 0.1,
    ),
    "never-treated controls": (nqp.StaggeredDiD(PARTIAL, nqp.AR1(), controls="never"), (), 0.0),
    "differential trends, with gaps": (
        nqp.StaggeredDiD(PARTIAL, nqp.AR1(), trends=nqp.DifferentialTrends()), (), 0.1,
    ),
    "shocks": (nqp.StaggeredDiD(PARTIAL, nqp.AR1(), shocks=nqp.ClusterTimeEffects("place")), (),
    0.0),
    "lasting shocks and trends, with gaps": (
        nqp.StaggeredDiD(
            PARTIAL, nqp.AR1(), trends=nqp.DifferentialTrends(),
            shocks=nqp.ClusterTimeEffects("place", errors=nqp.AR1()),
        ),
        (), 0.1,
    ),
}  # fmt: skip


def joint_for(
    name: str, seed: int = 3, units: int = 20, periods: int = 10
) -> tuple[Stacked, DenseJoint]:
    design, covariates, missing = DESIGNS[name]
    frame = frame_of(units, periods, seed=seed, missing=missing)
    model_frame = model_frame_of(
        nqp.Mediation(design, vary_by="unit"), panel_of(frame, covariates=covariates)
    )
    return joint_of(model_frame, design.priors), DenseJoint(design, frame, covariates)


def points_of(joint: Stacked, count: int, seed: int = 5, spread: float = 1.0) -> np.ndarray:
    return spread * np.random.default_rng(seed).normal(size=(count, len(joint.space)))
