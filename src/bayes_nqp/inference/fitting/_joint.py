"""Fitting a mediator's equation and the outcome's jointly, with effects of units in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from scipy.sparse import csr_array

from bayes_nqp._core import progress as steps
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting._draws import (
    Recovered,
    joined,
    slopes_of,
    terms_of,
    unit_effects_stored,
)
from bayes_nqp.inference.fitting._groups import Drawn, Labelled, build_groups
from bayes_nqp.inference.fitting._joint_problem import joint_density, joint_of
from bayes_nqp.inference.fitting._parameters import constrain, unconstrained
from bayes_nqp.inference.fitting._paths import Paths
from bayes_nqp.inference.model_frame import Equation, ModelFrame
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics
from bayes_nqp.numerics.linear_gaussian import Coefficients, Stacked, StackedDraws, stacked_draw
from bayes_nqp.numerics.sampling import Chains, Importance, importance

_CHUNK_NUMBERS = 16_000_000
"""Numbers of draws that are computed at once."""


def fit_joint(
    model_frame: ModelFrame, sampler: Importance, progress: bool
) -> tuple[dict[str, xr.Dataset], ConvergenceDiagnostics, bool]:
    """Sample both equations of a mediation model in which effect and slope vary by unit.

    Parameters
    ----------
    model_frame : ModelFrame
        Model frame of mediators that are sampled jointly.
    sampler : Importance
        With its seed.
    progress : bool
        If True, show a progress bar.

    Returns
    -------
    tuple
        The groups, the convergence diagnostics, and a flag for interrupted sampling.
    """
    joint = joint_of(model_frame, model_frame.facts.priors)
    assert sampler.seed is not None
    generator = np.random.default_rng(np.random.SeedSequence([sampler.seed, 1]))
    with steps.bar(progress):
        steps.say(Message("sampling jointly"), 0, 2)
        chains = importance(joint_density(joint), joint.space, sampler)
        steps.say(Message("drawing jointly"), 1, 2)
        groups, gate = joint_groups(model_frame, joint, chains, generator)
    return groups, gate, chains.interrupted


def joint_groups(
    model_frame: ModelFrame,
    joint: Stacked,
    chains: Chains,
    generator: np.random.Generator,
    gate: ConvergenceDiagnostics | None = None,
) -> tuple[dict[str, xr.Dataset], ConvergenceDiagnostics]:
    """Draw coefficients and effects given parameters, and label them.

    Parameters
    ----------
    chains : Chains
        With unconstrained points "x" (chain, draw, parameter).
    gate : ConvergenceDiagnostics, optional
        As `build_groups` takes it.
    """
    parts = _recovered(model_frame, joint, chains.values["x"], generator)
    drawn = _drawn(model_frame, joint, chains, parts)
    labelled = _labelled(model_frame, parts, drawn[0])
    return build_groups(model_frame, drawn, paths=parts.paths, more=labelled, gate=gate)


def joint_points(model_frame: ModelFrame, joint: Stacked, posterior: xr.Dataset) -> Array:
    """Unconstrained points of stored draws (chain, draw, parameter)."""
    outcome, mediator = model_frame.equations
    joining = np.stack(
        [
            posterior[f"{outcome.name}__scale_b"].to_numpy() / _slope_unit(outcome),
            posterior[f"{outcome.name}__corr_ab"].to_numpy(),
        ],
        axis=-1,
    )
    points = [unconstrained(equation, posterior) for equation in (mediator, outcome)]
    last = replace(joint.space, parameters=joint.space.parameters[-2:])
    return np.concatenate([*points, last.unconstrain(joining)], axis=-1)


@dataclass(frozen=True, eq=False)
class _Parts:
    """Draws of both equations, their paths, and contributions of units (draw, member)."""

    mediator: Recovered
    outcome: Recovered
    paths: Paths
    effect: Array | None
    slope: Array | None


def _drawn(model_frame: ModelFrame, joint: Stacked, chains: Chains, parts: _Parts) -> list[Drawn]:
    """Return the draws of each equation; those of the outcome include the joint parameters."""
    outcome, mediator = model_frame.equations
    x, first = chains.values["x"], len(joint.first.space)
    joining = joint.space.constrain(x)[..., -2:]
    of_y = constrain(outcome, x[..., first:-2])
    of_y["scale_b"] = joining[..., 0] * _slope_unit(outcome)
    of_y["corr_ab"] = joining[..., 1]
    of_m = constrain(mediator, x[..., :first])
    return [
        Drawn(outcome, chains, x, of_y, parts.outcome),
        Drawn(mediator, chains, x, of_m, parts.mediator),
    ]


def _slope_unit(outcome: Equation) -> float:
    """Outcome units per unit of the mediator, of a slope in multiples of ``s``."""
    (slope,) = outcome.slopes
    return outcome.scale / slope.size


def _labelled(model_frame: ModelFrame, parts: _Parts, outcome: Drawn) -> Mapping[str, Labelled]:
    """Deviations of members as variables of the posterior, where they are kept."""
    if parts.effect is None or parts.slope is None:
        return {}
    labels = model_frame.effects.labels
    dims = (*v.SAMPLE_DIMS, v.MEMBER)
    coords: dict[str, Any] = {v.MEMBER: np.asarray(labels, dtype=str)}
    return {
        f"{model_frame.equations[1].name}__deviation": Labelled(
            dims, outcome.shaped(parts.effect), coords
        ),
        "outcome__b_deviation": Labelled(dims, outcome.shaped(parts.slope), coords),
    }


def _recovered(
    model_frame: ModelFrame, joint: Stacked, x: Array, generator: np.random.Generator
) -> _Parts:
    flat = x.reshape(-1, x.shape[2])
    width = joint.arrowhead.position_loads.shape[0] + 12 * model_frame.codes.n_units
    size = int(np.clip(_CHUNK_NUMBERS // width, 64, len(flat)))
    # Equal points are adjacent, so that they share a factor.
    order = np.lexsort(flat.T)
    chunks = [order[start : start + size] for start in range(0, len(flat), size)]
    shares = _shares(model_frame)
    parts = [
        _assemble(model_frame, joint, stacked_draw(joint, flat[chunk], stream), shares)
        for chunk, stream in zip(chunks, generator.spawn(len(chunks)), strict=True)
    ]
    place = np.argsort(np.concatenate(chunks))
    return _Parts(
        joined([p.mediator for p in parts], place),
        joined([p.outcome for p in parts], place),
        Paths(
            parts[0].paths.names,
            np.concatenate([p.paths.effect for p in parts])[place],
            _stacked([p.paths.deviation for p in parts], place),
        ),
        _stacked([p.effect for p in parts], place),
        _stacked([p.slope for p in parts], place),
    )


def _stacked(parts: Sequence[Array | None], place: Index) -> Array | None:
    present = [part for part in parts if part is not None]
    return np.concatenate(present)[place] if present else None


@dataclass(frozen=True, eq=False)
class _Shares:
    """Shares of units in the rows of cells.

    Parameters
    ----------
    treated, rows : csr_array (cell, unit)
        Share of each unit in the treated rows of a cell; in all of its rows, leads included.
    unit_effect : csr_array (member, cell)
        Share of each cell in the treated rows of a member.
    """

    treated: Any
    rows: Any
    unit_effect: Any
    codes: Index


def _shares(model_frame: ModelFrame) -> _Shares:
    frame, cells = model_frame.codes, model_frame.cells
    rows = np.flatnonzero(model_frame.cell_of_row >= 0)
    unit, cell = frame.unit[rows], model_frame.cell_of_row[rows]
    share, effects = 1.0 / cells.rows[cell], model_frame.effects
    return _Shares(
        effects.shares_of(effects.unit, frame.n_units).T,
        csr_array((share, (cell, unit)), shape=(cells.rows.size, frame.n_units)),
        effects.cells_of_unit_effects(),
        effects.codes,
    )


def _assemble(
    model_frame: ModelFrame, joint: Stacked, draws: StackedDraws, shares: _Shares
) -> _Parts:
    """Effects along paths: in every cell, the mean of its rows' products."""
    outcome, mediator = model_frame.equations
    slope_deviation = np.zeros((len(draws.own), model_frame.codes.n_units, 3))
    slope_deviation[:, joint.units.units] = draws.own * [
        mediator.effect_scale,
        _slope_unit(outcome),
        outcome.effect_scale,
    ]
    a_own, b_own, u_own = slope_deviation[..., 0], slope_deviation[..., 1], slope_deviation[..., 2]
    m, y = _equation(mediator, draws, 0), _equation(outcome, draws, 1)
    # a (draw, cell) and b (draw, stratum); a_i, b_i, u_i (draw, unit) in outcome units.
    a, (slopes,) = m.cell_mean, y.slopes.values()
    b = slopes[:, model_frame.table.stratum]
    effect = a + _mean(shares.treated, a_own)
    direct = y.cell_mean + _mean(shares.treated, u_own)
    # Mean of (a + a_i)(b + b_i) over the observations of a cell: a_i only if treated.
    indirect = effect * b + a * _mean(shares.rows, b_own) + _mean(shares.treated, a_own * b_own)
    names = (v.TOTAL, v.DIRECT, mediator.name)
    total = np.stack([direct + indirect, direct, indirect], axis=1)
    m = replace(m, cell_effect=effect)
    y = replace(y, cell_effect=direct)
    codes = shares.codes
    if not unit_effects_stored(model_frame):
        return _Parts(m, y, Paths(names, total, None), None, None)
    unit_effect_b = slopes[:, model_frame.codes.stratum[codes]] + b_own[:, codes]
    product = (_mean(shares.unit_effect, a) + a_own[:, codes]) * unit_effect_b
    # (a + a_i)(b + b_i) of a member above the indirect effects of its cells.
    via = product - _mean(shares.unit_effect, indirect)
    # Total, direct and indirect: the first is the sum of the others.
    own_u = u_own[:, codes]
    deviation = np.stack([own_u + via, own_u, via], axis=1)
    return _Parts(m, y, Paths(names, total, deviation), a_own[:, codes], b_own[:, codes])


def _mean(shares: Any, values: Array) -> Array:
    return np.asarray((shares @ values.T).T)


def _equation(equation: Equation, draws: StackedDraws, number: int) -> Recovered:
    """Return draws of one equation, without contributions of units."""
    positions = draws.positions[number]
    none, nothing = np.zeros((len(positions), 0)), np.zeros((len(positions), 0, 0))
    of_equation = Coefficients(
        draws.shared[number], draws.local[number], positions, none, none, nothing, nothing
    )
    mean = positions[:, equation.positions.cells] * equation.effect_scale
    terms, slopes = terms_of(equation, of_equation), slopes_of(equation, of_equation)
    return Recovered(mean, mean, terms, None, slopes)
