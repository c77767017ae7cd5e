"""Conditional posterior means at given parameters: no sampling, no Monte-Carlo error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.fitting._draws import recovered

if TYPE_CHECKING:
    from bayes_nqp.designs import StaggeredDiD
    from bayes_nqp.panel import Panel

__all__ = ["conditional_mean"]


def conditional_mean(design: StaggeredDiD, panel: Panel, **parameters: float) -> xr.Dataset:
    """Posterior mean of the effects of cells given the parameters, exactly.

    Under ``Separate(varying=None)`` with independent errors this is the saturated
    least-squares estimate, whatever ``sigma``.

    Parameters
    ----------
    design : StaggeredDiD
    panel : Panel
    **parameters : float
        Values of ``sigma``, ``rho`` and the ``scale_…`` of the design, outcome units (``rho``
        and ``noise`` have none). By default rho is 0, noise 0.5, each scale its prior scale.

    Returns
    -------
    Dataset
        Of the waist, with one chain and one draw.

    Raises
    ------
    StudyError
        If the design has no such parameter.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(nqp.Separate(varying=None), nqp.IID(), unidentified="drop")
    >>> effects = nqp.conditional_mean(design, panel)
    >>> round(float(nqp.att(effects).item()), 3)
    0.095
    """
    from bayes_nqp.fitting._waist import waist

    plan = design.plan(panel)
    equation = plan.equations[0]
    names = equation.problem.parameter_names
    for name in parameters:
        if name not in names:
            raise StudyError(f"the design has no parameter {name!r}", hint=nearest(name, names))
    x = np.zeros((1, len(names)))
    priors = {f"scale_{s.name}": s.prior for s in equation.problem.scales}
    if equation.problem.member_scale is not None:
        priors[f"scale_{equation.problem.member_scale.name}"] = equation.problem.member_scale.prior
    for k, name in enumerate(names):
        if name == "rho":
            x[0, k] = 2.0 * np.arctanh(parameters.get(name, 0.0))
        elif name == "noise":
            x[0, k] = np.log(parameters.get(name, 0.5))
        else:
            default = priors.get(name, 1.0) * equation.scale
            x[0, k] = np.log(parameters.get(name, default) / equation.scale)
    draws = recovered(plan, equation, x, None)
    return waist(
        plan,
        draws.cell_effect[None],
        None if draws.deviation is None else draws.deviation[None],
        gate="passed",
        attrs={"target": "sample"},
    )
