"""Check that the draws in a file follow from its design, observations and parameters.

Draws of coefficients given parameters are exact. The draws of a fit and new draws at the same
parameters therefore have the same distribution: the mean of their difference is zero, and so is
the mean of the difference of their squares. Parameters have a density p with a score of mean
zero, ``E[d log p] = 0``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.labels import ATTR
from bayes_nqp.inference.fitting._arithmetic import alike
from bayes_nqp.inference.fitting._coefficients import COEFFICIENTS
from bayes_nqp.inference.fitting._draws import recovered
from bayes_nqp.inference.fitting._equations import equation_density
from bayes_nqp.inference.fitting._fit_index import pooled_over
from bayes_nqp.inference.fitting._groups import Drawn, build_groups
from bayes_nqp.inference.fitting._joint import joint_groups, joint_points
from bayes_nqp.inference.fitting._joint_problem import joint_density, joint_of
from bayes_nqp.inference.fitting._parameters import constrain, unconstrained
from bayes_nqp.numerics.diagnostics import ESS, ConvergenceDiagnostics
from bayes_nqp.numerics.sampling import Chains, Density, Importance

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


_DRAWS = 256
"""Number of draws that are repeated."""
_SCORES = 32
"""Number of draws with a computed score."""
_LEAST = 64
"""Below this many draws, means are not tested."""
_FAR = 9.0
"""Limit in standard errors: exceeded by symmetric differences with probability below 1e-12."""
_STREAM = 9
"""Distinguishes the stream from others with the same seed."""


def verify_draws(fit: Fit) -> None:
    """Draw a fit's coefficients and effects again, and compare both sets of draws.

    Parameters
    ----------
    fit : Fit
        With its observations.

    Raises
    ------
    StudyError
        Naming the difference.
    """
    total = fit.posterior.sizes[v.CHAIN] * fit.posterior.sizes[v.DRAW]
    chosen = np.unique(np.linspace(0, total - 1, _DRAWS).round().astype(np.int64))
    groups = _made(fit, chosen)
    stored = fit.groups
    for name, group in groups.items():
        if name in stored:
            _check_labels(name, stored[name], group, unsealed=bool(fit.record.get("unsealed")))
        elif name != COEFFICIENTS:
            raise StudyError(f"it has no {name}")
    if extra := sorted(set(stored) - set(groups) - {"sample_stats"}):
        raise StudyError(f"its design has no {extra[0]}")
    if fit.record["outcome"] != fit.model_frame.panel.roles.outcome:
        raise StudyError("the outcome in its head differs from that of its observations")
    _check_cell_positions(fit)
    if pooled_over(fit) or not fit.facts.exact:
        return
    exact = isinstance(fit.sampler, Importance)
    if chosen.size >= _LEAST and (exact or fit.gate.passed):
        for name, group in groups.items():
            if name in stored:
                _check_means(name, stored[name], group, chosen)
    if fit.gate.passed or _well_weighted(fit.gate):
        _check_scores(fit)


def _well_weighted(gate: ConvergenceDiagnostics) -> bool:
    """Return True if the importance weights are good enough for means over all proposals."""
    return gate.weighted and gate.khat < gate.khat_limit and gate.importance_ess >= ESS


def _made(fit: Fit, chosen: Index) -> dict[str, xr.Dataset]:
    """Draw all groups at some of the fit's parameters, as one chain."""
    model_frame, posterior, seed = (
        fit.model_frame,
        fit.posterior,
        [int(fit.sampler.seed or 0), _STREAM],
    )
    streams = np.random.default_rng(seed).spawn(len(model_frame.equations))
    if fit.facts.joined:
        joint = joint_of(model_frame, model_frame.facts.priors)
        x = _points(joint_points(model_frame, joint, posterior), chosen)
        groups, _ = joint_groups(model_frame, joint, Chains({"x": x}, {}), streams[0], fit.gate)
    else:
        drawn = []
        for equation, stream in zip(model_frame.equations, streams, strict=True):
            for name in equation.problem.space.names:
                if f"{equation.name}__{name}" not in posterior:
                    raise StudyError(f"its posterior has no {name!r} of {equation.name!r}")
            with np.errstate(all="ignore"):
                x = _points(unconstrained(equation, posterior), chosen)
            parameters = constrain(equation, x)
            for name, values in parameters.items():
                stored = posterior[f"{equation.name}__{name}"].transpose(*v.SAMPLE_DIMS).to_numpy()
                if not alike(values, stored.reshape(1, -1)[:, chosen]):
                    raise StudyError(f"{name!r} of its posterior is outside of its range")
            for parameter in fit.facts.likelihood.parameters:
                stored = posterior[f"{equation.name}__{parameter.name}"].to_numpy()
                parameters[parameter.name] = stored.reshape(1, -1)[:, chosen]
            draws = recovered(model_frame, equation, x[0], stream)
            if v.UNTREATED in fit.effects and fit.facts.likelihood.link == v.LOGIT:
                draws = replace(draws, added=np.zeros_like(draws.cell_effect))
            drawn.append(Drawn(equation, Chains({"x": x}, {}), x, parameters, draws))
        groups, _ = build_groups(model_frame, drawn, gate=fit.gate)
    assert fit.panel is not None
    if fit.panel.labels:
        groups["effects"].attrs[ATTR] = fit.panel.labels.text
    del groups["sample_stats"]
    return groups


def _points(x: Array, chosen: Index) -> Array:
    """Return some points, as one chain."""
    points = x.reshape(1, -1, x.shape[-1])[:, chosen]
    if not np.isfinite(points).all():
        raise StudyError("parameters of its posterior are outside of their range")
    return points


def _check_labels(name: str, stored: xr.Dataset, drawn: xr.Dataset, *, unsealed: bool) -> None:
    """Check that all variables without draws are equal; files of version 0.1 have fewer."""
    for called, values in drawn.variables.items():
        if called in v.SAMPLE_DIMS or called in v.EVIDENCE:
            continue
        if called not in stored.variables:
            if unsealed and v.DRAW not in values.dims:
                continue
            raise StudyError(f"its {name} have no {str(called)!r}")
        variable = stored.variables[called]
        sizes = [
            {d: n for d, n in x.sizes.items() if d not in v.SAMPLE_DIMS} for x in (variable, values)
        ]
        if sizes[0] != sizes[1] or (not unsealed and variable.dtype.kind != values.dtype.kind):
            raise StudyError(
                f"{str(called)!r} of its {name} has another type than its observations imply"
            )
        if v.DRAW not in values.dims and not _same(variable.to_numpy(), values.to_numpy()):
            raise StudyError(f"{str(called)!r} of its {name} differs from its observations")
    labels = {*drawn.variables, v.INDEX_DRAW}
    if extra := [str(called) for called in stored.variables if called not in labels]:
        raise StudyError(f"its design has no {extra[0]!r} in its {name}")
    for key, value in drawn.attrs.items():
        if stored.attrs.get(key, value if unsealed else None) != value:
            raise StudyError(f"{key!r} of its {name} differs from its observations")
    if extra := [key for key in stored.attrs if key not in drawn.attrs]:
        raise StudyError(f"its design has no attribute {extra[0]!r} in its {name}")


def _same(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> bool:
    if a.dtype.kind == "f" or b.dtype.kind == "f":
        return a.dtype.kind in "biuf" and alike(a.astype(np.float64), b.astype(np.float64))
    return bool(np.array_equal(a, b))


def _check_cell_positions(fit: Fit) -> None:
    """Check that coefficients of cells equal the cells' means."""
    if COEFFICIENTS not in fit.groups:
        return
    equation, real = fit.model_frame.equations[0], ~fit.model_frame.cells.lead
    positions = fit.groups[COEFFICIENTS][f"{equation.name}__slots"].to_numpy()
    positions = positions[..., equation.positions.cells[real]]
    mean = fit.posterior[f"{equation.name}__cell_mean"].to_numpy()
    if not alike(positions * equation.effect_scale, mean):
        raise StudyError(f"cells of its {COEFFICIENTS} are not the means of its posterior")


def _check_means(name: str, stored: xr.Dataset, drawn: xr.Dataset, chosen: Index) -> None:
    """Check that stored and new draws have the same mean and spread."""
    for called, values in drawn.data_vars.items():
        if v.DRAW not in values.dims:
            continue
        dims = (*v.SAMPLE_DIMS, *(dim for dim in values.dims if dim not in v.SAMPLE_DIMS))
        new = values.transpose(*dims).to_numpy().reshape(chosen.size, -1)
        old = stored[called].transpose(*dims).to_numpy()
        old = old.reshape(-1, new.shape[1])[chosen]
        centre = new.mean(axis=0)
        for difference in (old - new, (old - centre) ** 2 - (new - centre) ** 2):
            if _is_far(difference, float(np.nanmax(np.abs(new), initial=0.0))):
                raise StudyError(
                    f"{str(called)!r} of its {name} does not follow from its data and parameters"
                )


def _is_far(values: Array, size: float, share: float = 1.0) -> bool:
    """Return True if a column's mean is many standard errors from zero.

    ``share`` is the effective share of the draws.
    """
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values) * share)
    mean = np.abs(values.mean(axis=0))
    return bool((mean > _FAR * error + 1e-9 * size * max(size, 1.0)).any())


def _check_scores(fit: Fit) -> None:
    """Check that the score of the parameters' density has mean zero in every component."""
    total = fit.posterior.sizes[v.CHAIN] * fit.posterior.sizes[v.DRAW]
    chosen = np.unique(np.linspace(0, total - 1, _SCORES).round().astype(np.int64))
    share = min(1.0, min(fit.gate.ess_bulk, fit.gate.ess_tail) / chosen.size)
    for name, density, x in _densities(fit):
        points = x.reshape(-1, x.shape[-1])
        heights, score = density.gradients(points[chosen])
        if not np.isfinite(heights).all():
            continue
        for k in range(score.shape[1]):
            if _is_far(score[:, [k]], 1.0, share):
                raise StudyError(
                    f"draws of {name!r} do not follow from its observations: see its parameter {k}"
                )


def _densities(fit: Fit) -> Iterator[tuple[str, Density, Array]]:
    model_frame, posterior = fit.model_frame, fit.posterior
    if fit.facts.joined:
        joint = joint_of(model_frame, model_frame.facts.priors)
        points = joint_points(model_frame, joint, posterior)
        yield "both equations", joint_density(joint), points
        return
    for equation in model_frame.equations:
        yield equation.name, equation_density(equation), unconstrained(equation, posterior)
