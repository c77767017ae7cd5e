"""The PyMC model of a design, for inspection and for other samplers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bayes_nqp._core.exceptions import Hint, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.threads import needing_room
from bayes_nqp._core.validation import door
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import Design
from bayes_nqp.numerics.sampling import Importance

if TYPE_CHECKING:
    import pymc as pm

    from bayes_nqp.data.panel import Panel
    from bayes_nqp.inference.model_frame import Equation, ModelFrame


@door
def to_pymc(design: Design, panel: Panel, *, scale: float | None = None) -> pm.Model:
    """Build the PyMC model of a design, for inspection and for other samplers.

    Nothing is integrated out: unit effects, time effects, every coefficient and every deviation is
    a variable, and each observation has its density given the unit's earlier observations. This is
    the definition of a design's model; `fit` uses sufficient statistics, and its posterior is the
    same. Use this model to inspect the assumptions, or to change them. ``nqp.fit(design, panel,
    nqp.NUTS())`` samples it, slowly. For `Mediation` it contains all equations. Mediators are data
    in the outcome's equation, and errors of different equations are independent.

    For a likelihood without sufficient statistics it is the model that `fit` samples. ``sigma``
    remains the standard deviation of the innovations; the first observation of a unit, and those
    after a gap, have the standard deviation that AR(1) implies. Under a link other than the
    identity errors belong to a latent outcome, and are given by ``z_errors`` (unit, time).

    Parameters
    ----------
    scale : float, optional, outcome units
        Fixed value of ``s``; computed from the outcome by default.

    Returns
    -------
    Model
        Variables are named as in ``fit.posterior``, ``equation__name``, where the equation is
        "outcome" or a mediator. Free variables ``…_over_s`` are in multiples of ``s`` and
        ``z_…`` are standard normal. In outcome units, or on the scale of a link: ``alpha`` (unit),
        ``time_effects`` (time_level, time), ``cell_mean``, ``cell_effect`` (cell), ``deviation``
        (member), ``sigma``, ``scale_…``, the coefficients of each term, and slopes of mediators
        ``b``, of their products with treatment ``d`` (stratum, mediator); ``rho`` has no unit.
        Effects of a continuous exposure are per ``per`` units of it. Flat priors have no prior
        draws: see `prior_predictive`.

    Raises
    ------
    IdentificationError
        If the panel does not identify an effect of the design.
    StudyError
        If the design, or its error structure, has no model of single observations.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> design = nqp.StaggeredDiD(unidentified="drop")
    >>> model = nqp.to_pymc(design, nqp.datasets.castle_doctrine())
    >>> "outcome__cell_effect" in model.named_vars
    True
    """
    model_frame = model_frame_of(design, panel, scale=scale)
    return _row_model(model_frame, model_frame.equations)


def equation_model(model_frame: ModelFrame, equation: Equation) -> pm.Model:
    """Build the PyMC model of one equation, which shares no variable with any other.

    Raises
    ------
    StudyError
        If the design, or its error structure, has no model of single observations.
    """
    return _row_model(model_frame, (equation,))


def _row_model(model_frame: ModelFrame, equations: Sequence[Equation]) -> pm.Model:
    _check(model_frame)
    with needing_room("PyMC"):
        from bayes_nqp.inference.pymc_model._model import row_model
    return row_model(model_frame, equations)


def _check(model_frame: ModelFrame) -> None:
    """Refuse a model that is not defined for single observations."""
    if model_frame.facts.joined:
        raise StudyError(
            "'vary_by' joins the deviations of two equations, for which there is no PyMC model",
            hint=Message(
                "{}, the default, supports it; or {}",
                Hint("sampler", Importance()),
                Hint("vary_by", None),
            ),
        )
