"""Conditional posterior means at given parameters: no sampling, no Monte-Carlo error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.validation import door
from bayes_nqp.inference.fitting._draws import recovered
from bayes_nqp.inference.fitting._effects_dataset import effects_dataset
from bayes_nqp.inference.fitting._equations import refuse_latent
from bayes_nqp.inference.fitting._parameters import point_at
from bayes_nqp.inference.fitting._paths import paths_of
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import Design

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@door
def posterior_mean(design: Design, panel: Panel, **parameters: float) -> xr.Dataset:
    """Compute the exact posterior mean of the effects of cells given the parameters.

    Under ``NoPooling(varying=None)`` with independent errors this is the saturated
    least-squares estimate, for every value of ``sigma``.

    Parameters
    ----------
    **parameters : float
        Values of ``sigma``, ``rho`` and the ``scale_…`` of the design, outcome units (``rho``
        and ``noise`` have none); they apply to all equations with such a parameter. By default rho
        is 0, noise is 0.5 and each scale is its prior scale.

    Returns
    -------
    Dataset
        An effects dataset with one chain and one draw.

    Raises
    ------
    StudyError
        If the design has no such parameter.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID(), unidentified="drop")
    >>> effects = nqp.posterior_mean(design, panel)
    >>> round(float(nqp.att(effects).item()), 3)
    0.056
    """
    model_frame = model_frame_of(design, panel)
    if model_frame.facts.joined:
        raise StudyError(
            "conditional means use one equation at a time, but vary_by='unit' joins two",
            hint="nqp.fit, or vary_by=None",
        )
    for equation in model_frame.equations:
        refuse_latent(equation)
    names = [n for e in model_frame.equations for n in e.problem.parameter_names]
    for name in parameters:
        if name not in names:
            raise StudyError(f"the design has no parameter {name!r}", hint=nearest(name, names))
    draws = [
        recovered(model_frame, equation, point_at(equation, parameters)[None], None)
        for equation in model_frame.equations
    ]
    paths = paths_of(model_frame, draws)
    return effects_dataset(
        model_frame,
        paths.effect[None],
        None if paths.deviation is None else paths.deviation[None],
        paths=paths.names,
        cells=paths.cells,
        via=None if paths.via is None else paths.via[None],
        gate="passed",
        attrs={"target": "sample"},
    )
