"""Draws of the row model that another sampler made, as a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bayes_nqp._core.exceptions import StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import door
from bayes_nqp.inference.fitting._fit import Fit, fitted
from bayes_nqp.inference.fitting._groups import build_groups
from bayes_nqp.inference.fitting._rows import drawn_of, kept_by
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.inference.pymc_model import Variables
from bayes_nqp.model.designs import Design
from bayes_nqp.numerics.sampling import NUTS, Chains

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.inference.model_frame import Equation, ModelFrame

NOTE = "sampled with PyMC from the model of nqp.to_pymc(design, panel)"
_STATS = {
    "diverging": "diverging", "energy": "energy", "n_steps": "n_steps", "step_size": "step_size",
    "depth": "tree_depth", "tree_depth": "tree_depth",
}  # fmt: skip
_SAMPLE = "pm.sample(model=nqp.to_pymc(design, panel)), which stores every variable"


@door
def from_pymc(
    draws: xr.DataTree, design: Design, panel: Panel, *, scale: float | None = None
) -> Fit:
    """Build a fit from draws of the PyMC model, obtained by any sampler.

    The model that `to_pymc` returns can be sampled by ``pm.sample`` or any sampler of PyMC models.
    This function makes its draws available to estimands, tables and checks. If the model was
    changed before, the meaning of its variables is the user's responsibility.

    Parameters
    ----------
    draws : DataTree
        With a group ``posterior`` (chain, draw, …) of all variables of the model, and optionally
        ``sample_stats``.
    design : StaggeredDiD, ContinuousExposure or Mediation
        The design that was passed to `to_pymc`.
    panel : Panel
        The panel that was passed to `to_pymc`.
    scale : float, optional, outcome units
        The scale that was passed to `to_pymc`.

    Returns
    -------
    Fit
        With the convergence diagnostics of chains: R-hat, effective draws, divergences, energy.

    Raises
    ------
    StudyError
        If variables are missing, or belong to another design or panel.
    IdentificationError
        If the panel does not identify an effect of the design.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> import pymc as pm
    >>> panel = nqp.simulation.staggered(units=8, periods=5, cohorts=(3,), seed=1).panel
    >>> design = nqp.StaggeredDiD(nqp.CompletePooling(None), nqp.IID())
    >>> with nqp.to_pymc(design, panel):
    ...     draws = pm.sample(  # doctest: +SKIP
    ...         100, tune=100, chains=2, random_seed=1, progressbar=False
    ...     )
    >>> nqp.from_pymc(draws, design, panel).summary()  # doctest: +SKIP
    """
    children = getattr(draws, "children", {})
    if "posterior" not in children:
        raise StudyError("'draws' has no group 'posterior'", hint=_SAMPLE)
    posterior = draws["posterior"].to_dataset()
    stats = _stats(draws["sample_stats"].to_dataset() if "sample_stats" in children else {})
    panel = design.prepared(panel)
    model_frame = model_frame_of(design, panel, scale=scale)
    drawn = [
        drawn_of(model_frame, equation, Chains(_values(model_frame, equation, posterior), stats))
        for equation in model_frame.equations
    ]
    groups, gate = build_groups(model_frame, drawn)
    chains, number, *_ = drawn[0].x.shape
    tune = int(posterior.attrs.get("tuning_steps", 1000))
    sampler = NUTS(draws=number, tune=max(tune, 50), chains=chains)
    return fitted(design, panel, sampler, model_frame, groups, gate, (*model_frame.notes, NOTE))


def _values(model_frame: ModelFrame, equation: Equation, posterior: xr.Dataset) -> dict[str, Any]:
    """Return draws of the quantities that a fit stores, named as in the PyMC model."""
    names = [Variables(equation.name)(name) for name in kept_by(model_frame, equation)]
    lacking = [name for name in names if name not in posterior]
    if lacking:
        raise StudyError(Message("the posterior lacks {}", shown(lacking, 5)), hint=_SAMPLE)
    values = {name: np.asarray(posterior[name], dtype=np.float64) for name in names}
    cells, wanted = (
        values[Variables(equation.name)("cell_effect")].shape[2],
        model_frame.cells.rows.size,
    )
    if cells != wanted:
        raise StudyError(
            Message("the posterior has {} cells, but the design has {}", cells, wanted),
            hint="the design and the panel that nqp.to_pymc was given",
        )
    return values


def _stats(stats: Mapping[Any, xr.DataArray]) -> dict[str, Any]:
    """Return the statistics of samplers under the names of fits."""
    return {ours: np.asarray(stats[theirs]) for theirs, ours in _STATS.items() if theirs in stats}
