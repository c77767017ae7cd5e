"""Fitting a mediator's equation and the outcome's jointly, with effects of units in common."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.sparse import csr_array

from bayes_nqp import progress as steps
from bayes_nqp import vocabulary as v
from bayes_nqp.compression.recover import Coefficients
from bayes_nqp.designs._plan import Equation, Plan
from bayes_nqp.diagnostics import Gate
from bayes_nqp.errors import StudyError
from bayes_nqp.fitting._draws import (
    MEMBERS_STORED,
    Recovered,
    members_of,
    slopes_of,
    terms_of,
)
from bayes_nqp.fitting._joint_problem import (
    Joint,
    JointDraws,
    joint_curvature,
    joint_mode,
    joint_of,
)
from bayes_nqp.fitting._parameters import constrain
from bayes_nqp.fitting._paths import Paths
from bayes_nqp.fitting._tree import Drawn, Labelled, build_tree
from bayes_nqp.machine import one_thread
from bayes_nqp.sampling import IMH, Chains, Sampler, folded, sample_proposals

if TYPE_CHECKING:
    from bayes_nqp.designs import Mediation

__all__ = ["fit_joint"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

_CHUNK_NUMBERS = 4_000_000
_LONGER = 3
_ROUNDS = (400, 1000, 2000)


def fit_joint(
    design: Mediation, plan: Plan, sampler: Sampler, automatic: bool, progress: bool, outcome: str
) -> tuple[Sampler, xr.DataTree, Gate, bool]:
    """Sample both equations of a mediation in which effect and slope vary by unit.

    Parameters
    ----------
    design : Mediation
        With ``vary_by="unit"``.
    plan : Plan
    sampler : IMH
        With its seed.
    automatic : bool
        Whether it may sample longer where its draws do not pass the convergence gate.
    progress : bool
        Whether to show a progress bar.
    outcome : str
        Name of the outcome.

    Returns
    -------
    tuple
        The sampler, the tree, the convergence gate, and whether sampling was interrupted.

    Raises
    ------
    StudyError
        If the sampler needs gradients.
    """
    if not isinstance(sampler, IMH):
        raise StudyError(
            "'sampler' is NUTS, which needs gradients that vary_by='unit' does not have",
            hint="sampler=nqp.IMH()",
        )
    joint = joint_of(plan, design.design.priors)
    with one_thread(), steps.bar(progress):
        x = joint_mode(joint)
        curvature = joint_curvature(joint, x)
        tree, gate = _sampled(joint, plan, x, curvature, sampler, outcome, design.varying)
        if automatic and not gate.passed:
            sampler = replace(sampler, thin=_LONGER * sampler.thin)
            tree, gate = _sampled(joint, plan, x, curvature, sampler, outcome, design.varying)
    return sampler, tree, gate, False


def _sampled(
    joint: Joint, plan: Plan, x: Array, curvature: Array, sampler: IMH, outcome: str,
    varying: str | None,
) -> tuple[xr.DataTree, Gate]:  # fmt: skip
    chains = sample_proposals(
        lambda points: joint.densities(points, what="sampling jointly"),
        x, curvature, folded(joint.names), sampler, _ROUNDS,
    )  # fmt: skip
    assert sampler.seed is not None
    generator = np.random.default_rng(np.random.SeedSequence([sampler.seed, 1]))
    parts = _recovered(plan, joint, chains.values["x"], generator)
    drawn = _drawn(joint, chains, parts)
    labelled = _labelled(plan, joint, parts, drawn[0])
    return build_tree(
        plan, drawn, outcome=outcome, varying=varying, paths=parts.paths, more=labelled
    )


@dataclass(frozen=True, eq=False)
class _Parts:
    """Draws of both equations, their paths, and what units add (draw, member)."""

    mediator: Recovered
    outcome: Recovered
    paths: Paths
    effect: Array | None
    slope: Array | None


def _drawn(joint: Joint, chains: Chains, parts: _Parts) -> list[Drawn]:
    """What was drawn of each equation; the outcome's holds what joins them."""
    x, first = chains.values["x"], joint.first
    of_y = constrain(joint.outcome, x[..., first:-2])
    of_y["scale_b"] = np.exp(x[..., -2]) * _slope_unit(joint)
    of_y["corr_ab"] = np.tanh(0.5 * x[..., -1])
    of_m = constrain(joint.mediator, x[..., :first])
    return [
        Drawn(joint.outcome, chains, x, of_y, parts.outcome),
        Drawn(joint.mediator, chains, x, of_m, parts.mediator),
    ]


def _slope_unit(joint: Joint) -> float:
    """Outcome units per unit of the mediator, of a slope in multiples of ``s``."""
    return joint.outcome.scale / joint.outcome.slopes[-1].size


def _labelled(plan: Plan, joint: Joint, parts: _Parts, one: Drawn) -> Mapping[str, Labelled]:
    """Deviations of members as variables of the posterior, where they are kept."""
    if parts.effect is None or parts.slope is None:
        return {}
    _, labels = members_of(plan)
    dims = (*v.SAMPLE_DIMS, v.MEMBER)
    coords: dict[str, Any] = {v.MEMBER: np.asarray(labels, dtype=str)}
    return {
        f"{joint.mediator.name}__deviation": Labelled(dims, one.shaped(parts.effect), coords),
        "outcome__b_deviation": Labelled(dims, one.shaped(parts.slope), coords),
    }


def _recovered(plan: Plan, joint: Joint, x: Array, generator: np.random.Generator) -> _Parts:
    flat = x.reshape(-1, x.shape[2])
    width = joint.number.size + 6 * joint.units.size
    size = int(np.clip(_CHUNK_NUMBERS // width, 8, 250))
    starts = range(0, len(flat), size)
    shares = _shares(plan)
    streams = generator.spawn(len(starts))

    def chunk(start: int, stream: np.random.Generator) -> _Parts:
        return _assemble(plan, joint, joint.draw(flat[start : start + size], stream), shares)

    with ThreadPoolExecutor(max_workers=2) as pool:
        parts = list(pool.map(chunk, starts, streams))
    return _Parts(
        _joined([p.mediator for p in parts]),
        _joined([p.outcome for p in parts]),
        Paths(
            parts[0].paths.names,
            np.concatenate([p.paths.effect for p in parts]),
            _stacked([p.paths.deviation for p in parts]),
        ),
        _stacked([p.effect for p in parts]),
        _stacked([p.slope for p in parts]),
    )


def _joined(parts: list[Recovered]) -> Recovered:
    return Recovered(
        np.concatenate([p.cell_mean for p in parts]),
        np.concatenate([p.cell_effect for p in parts]),
        {k: np.concatenate([p.coefficients[k] for p in parts]) for k in parts[0].coefficients},
        _stacked([p.deviation for p in parts]),
        _stacked([p.slopes for p in parts]),
    )


def _stacked(parts: list[Array | None]) -> Array | None:
    found = [part for part in parts if part is not None]
    return np.concatenate(found) if found else None


@dataclass(frozen=True, eq=False)
class _Shares:
    """Shares of units in the rows of cells.

    Parameters
    ----------
    treated, rows : csr_array (cell, unit)
        Share of each unit in the treated rows of a cell; in all of its rows, leads included.
    member : csr_array (member, cell)
        Share of each cell in the treated rows of a member.
    codes : ndarray of int (member)
    """

    treated: Any
    rows: Any
    member: Any
    codes: Index


def _shares(plan: Plan) -> _Shares:
    frame, cells = plan.frame, plan.cells
    rows = np.flatnonzero(plan.cell_of_row >= 0)
    unit, cell = frame.unit[rows], plan.cell_of_row[rows]
    shape = (cells.rows.size, frame.n_units)
    share = 1.0 / cells.rows[cell]
    real = frame.treated[rows]
    codes, _ = members_of(plan)
    counts = np.bincount(unit[real], minlength=frame.n_units)
    member = csr_array(
        (1.0 / counts[unit[real]], (np.searchsorted(codes, unit[real]), cell[real])),
        shape=(codes.size, shape[0]),
    )
    return _Shares(
        csr_array((share[real], (cell[real], unit[real])), shape=shape),
        csr_array((share, (cell, unit)), shape=shape),
        member,
        codes,
    )


def _assemble(plan: Plan, joint: Joint, draws: JointDraws, shares: _Shares) -> _Parts:
    """Effects along paths: in every cell, the mean of its rows' products."""
    own = np.zeros((len(draws.own), plan.frame.n_units, 3))
    own[:, joint.units] = draws.own * [
        joint.mediator.scale,
        _slope_unit(joint),
        joint.outcome.scale,
    ]
    a_own, b_own, u_own = own[..., 0], own[..., 1], own[..., 2]
    m, y = _equation(joint.mediator, draws.mediator), _equation(joint.outcome, draws.outcome)
    assert y.slopes is not None
    a, slopes = m.cell_mean, y.slopes[..., -1]
    b = slopes[:, plan.table.stratum]
    effect = a + _mean(shares.treated, a_own)
    direct = y.cell_mean + _mean(shares.treated, u_own)
    # Mean of (a + a_i)(b + b_i) over the rows of a cell: a_i only where they are treated.
    indirect = effect * b + a * _mean(shares.rows, b_own) + _mean(shares.treated, a_own * b_own)
    names = (v.TOTAL, v.DIRECT, joint.mediator.name)
    total = np.stack([direct + indirect, direct, indirect], axis=1)
    m = replace(m, cell_effect=effect)
    y = replace(y, cell_effect=direct)
    codes = shares.codes
    if codes.size > MEMBERS_STORED:
        return _Parts(m, y, Paths(names, total, None), None, None)
    member_b = slopes[:, plan.frame.stratum[codes]] + b_own[:, codes]
    product = (_mean(shares.member, a) + a_own[:, codes]) * member_b
    via = product - _mean(shares.member, indirect)
    own_u = u_own[:, codes]
    deviation = np.stack([own_u + via, own_u, via], axis=1)
    return _Parts(m, y, Paths(names, total, deviation), a_own[:, codes], b_own[:, codes])


def _mean(shares: Any, values: Array) -> Array:
    return np.asarray((shares @ values.T).T)


def _equation(equation: Equation, draws: tuple[Array, Array]) -> Recovered:
    """Draws of one equation, without what units add."""
    coefficients, slots = draws
    problem = equation.problem
    n = problem.global_scale.size
    none = np.zeros((len(slots), 0))
    found = Coefficients(coefficients[:, :n], coefficients[:, n:], slots, none, none, none)
    starts = np.concatenate([[0], np.cumsum([b.columns.shape[0] for b in problem.blocks])])
    starts = starts.astype(np.int64)
    at = starts[equation.cell_slots[:, 0]] + equation.cell_slots[:, 1]
    mean = slots[:, at] * equation.scale
    slopes = slopes_of(equation, found, starts) if equation.slopes else None
    return Recovered(mean, mean, terms_of(equation, found), None, slopes)
