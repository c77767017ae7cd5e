"""Posterior probabilities of spatial weights and forms, and effects averaged over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, one_of
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.templates import FactSheet
from bayes_nqp._core.validation import door
from bayes_nqp.data.spatial_weights import SpatialWeights
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.space.checks._spatial_models import SpatialModel, mixed, spatial_models
from bayes_nqp.space.terms import SpatialLag

type Form = Literal["SAR", "SDM", "SEM", "SDEM", "SLX"]

FORMS: Final[tuple[Form, ...]] = ("SAR", "SDM", "SEM", "SDEM", "SLX")
"""What literature calls the spatial models."""


@door
@dataclass(frozen=True, eq=False, repr=False)
class WeightsPosterior(FactSheet):
    """Effects averaged over spatial weights and forms by posterior probability.

    All estimands, tables and plots of effects accept it in place of a fit.

    Parameters
    ----------
    effects : Dataset
        Effects dataset: draws of all models, in proportion to their probabilities.
    models : tuple of SpatialModel
        Weights by form, with the probability of each.
    left_out : tuple of (str, Message)
        Models that cannot be fitted to this panel or design, and the reasons.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    >>> ids = panel.unit_labels
    >>> ring = np.roll(np.eye(30), 1, axis=1) + np.roll(np.eye(30), -1, axis=1)
    >>> far = np.roll(np.eye(30), 7, axis=1) + np.roll(np.eye(30), -7, axis=1)
    >>> near = {
    ...     name: nqp.spatial_weights.matrix(pd.DataFrame(links, ids, ids))
    ...     for name, links in {"ring": ring, "far": far}.items()
    ... }
    >>> design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=nqp.TimeEffects())
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)
    >>> answer = nqp.weights_probabilities(fit, near, forms=["SAR", "SEM"])
    >>> round(float(answer.weights.sum()), 6)
    1.0
    """

    table_subject: ClassVar[str] = "weights"

    effects: xr.Dataset
    models: tuple[SpatialModel, ...]
    left_out: tuple[tuple[str, Message], ...] = ()

    @property
    def weights(self) -> pd.Series[float]:
        """Return P(W): the probability of every matrix, over all forms."""
        return self._summed("weights")

    @property
    def forms(self) -> pd.Series[float]:
        """Return the probability of every form, over all matrices."""
        return self._summed("form")

    @property
    def table(self) -> pd.DataFrame:
        """Return evidence, probability and average effects of every model.

        Returns
        -------
        DataFrame
            One line per model, the most probable first: ``weights``, ``form``, ``log_marginal``
            (minus the highest), ``probability``, and ``att``, ``own``, ``received`` with their
            posterior SDs. The effects are in outcome units, over treated or exposed observations,
            if the model was fitted.
        """
        frame = pd.DataFrame([x.row for x in self.models])
        frame["log_marginal"] -= frame["log_marginal"].max()
        return frame.sort_values("log_marginal", ascending=False, ignore_index=True)

    def _summed(self, column: str) -> pd.Series[float]:
        table = pd.DataFrame([x.row for x in self.models])
        return table.groupby(column, sort=False)["probability"].sum()

    def _facts(self) -> list[tuple[str, str]]:
        sizes = self.effects.sizes
        lines = [(f"P({name})", f"{p:.2f}") for name, p in self.weights.items()]
        lines += [(f"P({name})", f"{p:.2f}") for name, p in self.forms.items()]
        lines += [(name, f"– ({why})") for name, why in self.left_out]
        return [*lines, ("draws", f"{sizes[v.CHAIN]} × {sizes[v.DRAW]}")]


@door
def weights_probabilities(
    fit: Fit, weights: Mapping[str, SpatialWeights], *, forms: Sequence[Form] = FORMS
) -> WeightsPosterior:
    """Average effects over spatial weights and forms by their posterior probabilities.

    Every matrix is fitted in every form, in place of the design's ``spillovers``. Probabilities
    come from log marginal likelihoods, with equal prior odds of the matrices and of the forms of
    each. Draws of effects are combined in proportion, so that intervals include the uncertainty
    about W.

    Parameters
    ----------
    fit : Fit
        Fit of a `StaggeredDiD` or `ContinuousExposure`, with or without spillovers.
    weights : mapping of str to SpatialWeights
        Weights by name, such as ``{"adjacent": a, "distance": b}``.
    forms : sequence of {"SAR", "SDM", "SEM", "SDEM", "SLX"}
        All by default. SEM and SDEM require effects that do not vary by unit
        (``effect=nqp.CompletePooling(varying=None)``), and are left out otherwise.

    Returns
    -------
    WeightsPosterior
        Accepted by `nqp.att`, tables and plots in place of a fit.

    Raises
    ------
    NotApplicable
        If the fit has no rows, or its likelihood has no sufficient statistics.
    StudyError
        If no weights are given, a form has another name, or no model has a marginal likelihood.

    Notes
    -----
    Coefficients theta of spatially lagged treatment and covariates refer to other columns under
    every W. They have a unit-information prior, on any scale of the columns, centred on ``theta =
    0``. In the Durbin model half of it is centred on ``theta = -delta beta``, the form of spatial
    errors, if effects are on one curve. delta has the same Beta(3, 3) prior in all forms. Draws of
    a model are those under the design's priors, which differ from unit information by one unit. If
    W links units with different time effects, a lag of outcomes or errors has an adjusted
    likelihood, which is no density of the data. Such models are left out with that reason, and SLX,
    or ``time=nqp.TimeEffects()``, remain.

    References
    ----------
    LeSage, J. (2014). Spatial econometric panel data model specification: a Bayesian approach.
    Spatial Statistics 9. Kass, R. E. and Wasserman, L. (1995). A reference Bayesian test for nested
    hypotheses. Journal of the American Statistical Association 90(431).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    >>> ids = panel.unit_labels
    >>> ring = np.roll(np.eye(30), 1, axis=1) + np.roll(np.eye(30), -1, axis=1)
    >>> near = {"ring": nqp.spatial_weights.matrix(pd.DataFrame(ring, ids, ids))}
    >>> design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=nqp.TimeEffects())
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)
    >>> answer = nqp.weights_probabilities(fit, near, forms=["SAR", "SLX"])
    >>> answer.forms.index.tolist()
    ['SAR', 'SLX']
    """
    if not weights:
        raise StudyError("'weights' is empty", hint='{"adjacent": a, "distance": b}')
    for form in forms:
        one_of("forms", form, FORMS)
    stated = fit.facts.term(SpatialLag)
    terms: dict[tuple[str, str], SpatialLag] = {
        (name, form): _term(form, matrix, stated)
        for name, matrix in weights.items()
        for form in forms
    }
    models, left_out = spatial_models(fit, terms)
    return WeightsPosterior(mixed(fit, models), tuple(models), tuple(left_out))


def _term(form: Form, weights: SpatialWeights, stated: SpatialLag | None) -> SpatialLag:
    """The model of a form; which columns of linked units enter is as the design has it."""
    columns = (stated.durbin if stated is not None else True) or True
    return SpatialLag(
        weights,
        durbin=columns if form in ("SDM", "SDEM", "SLX") else False,
        error=form in ("SEM", "SDEM"),
        complete=None if stated is None else stated.complete,
        lag=form != "SLX",
        receivers=() if stated is None or form in ("SAR", "SEM") else stated.receivers,
    )
