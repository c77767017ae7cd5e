"""Posterior probabilities of spatial models of one fit: forms, weights, or decay lengths.

Model k has the probability ``w_k ~ pi_k p(y | k)``. Flat priors shared by all models cancel. theta,
with columns that differ between models, has unit information (`_form_posteriors`), or the design's
prior if it has the same meaning in all models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.special import softmax

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import cell_labels, marginal, mixture, reason
from bayes_nqp.effects.estimands import att, worst_convergence
from bayes_nqp.inference.fitting import REFITS, ROWS, UNITS, Fit, Marginal, panel_of, refit, require
from bayes_nqp.space.checks._form_posteriors import log_prior
from bayes_nqp.space.terms import SpatialLag

_LEAST = 0.005
"""Probability below which a model is not refitted."""


@dataclass(frozen=True, slots=True, eq=False)
class SpatialModel:
    """A spatial model with its posterior probability.

    Parameters
    ----------
    weights : str
        Name of its weights.
    term : SpatialLag
        The model.
    log_marginal : float
        Log marginal likelihood, with theta under unit information or under the design's prior.
    probability : float
        Posterior probability among the models.
    fit : Fit or None
        None if the probability is too small for a refit.
    """

    weights: str
    term: SpatialLag
    log_marginal: float
    probability: float
    fit: Fit | None

    @property
    def row(self) -> dict[str, object]:
        """Return weights, form, evidence, probability, and average effects with their SDs."""
        out: dict[str, object] = {
            "weights": self.weights, "form": self.term.form, "log_marginal": self.log_marginal,
            "probability": self.probability,
        }  # fmt: skip
        for name, path in (("att", v.TOTAL), ("own", v.DIRECT), ("received", v.RECEIVED)):
            mean = sd = np.nan
            if self.fit is not None:
                draws = _path(self.fit.effects, path)
                mean, sd = float(draws.mean()), float(draws.std())
            out |= {name: mean, f"{name}_sd": sd}
        return out


def spatial_models(
    fit: Fit,
    terms: Mapping[tuple[str, str], SpatialLag],
    odds: Mapping[str, float] | None = None,
    *,
    own_prior: bool = False,
) -> tuple[list[SpatialModel], list[tuple[str, Message]]]:
    """Fit models that differ only by their spatial term, and compute their probabilities.

    Parameters
    ----------
    terms : mapping of (str, str) to SpatialLag
        Keys are names of weights and forms.
    odds : mapping of str to float, optional
        Prior odds of weights; equal by default, as are those of the forms under each.
    own_prior : bool, default False
        True to give theta, if it has the same meaning in all models, the design's prior instead of
        unit information: draws and probabilities then belong to one joint posterior.

    Returns
    -------
    tuple of list of SpatialModel and list of (str, Message)
        The models, and the omitted ones with reasons.

    Raises
    ------
    StudyError
        If there is nothing to compare.
    """
    for need in (ROWS, REFITS, UNITS):
        require(fit, need)
    panel, left_out = panel_of(fit), []
    candidates: list[tuple[str, SpatialLag, Marginal, float]] = []
    for (name, form), term in terms.items():
        try:
            design = fit.variant(spillovers=term)
            evidence = marginal(fit, design, panel)
            more = log_prior(refit(fit, design)) if term.durbin and not own_prior else 0.0
        except NQPError as error:
            left_out.append((f"{name}, {form}", reason(error)))
            continue
        if candidates and evidence.ground[:4] != candidates[0][2].ground[:4]:
            left_out.append((f"{name}, {form}", Message("it uses other observations")))
            continue
        candidates.append((name, term, evidence, evidence.value + more))
    if not candidates:
        raise StudyError(
            Message("no spatial model has a marginal likelihood"),
            where="; ".join(f"{name}: {why}" for name, why in left_out),
            hint="if the weights link units with different time effects, use common ones: "
            "time=nqp.TimeEffects()",
        )
    forms = np.array([sum(x[0] == name for x in candidates) for name, *_ in candidates])
    value = np.array([height for *_, height in candidates])
    prior = np.array([1.0 if odds is None else odds[name] for name, *_ in candidates])
    probability = softmax(value + np.log(prior / forms))
    probability = np.where(probability < _LEAST, 0.0, probability)
    probability /= probability.sum()
    models = []
    for (name, term, _, height), p in zip(candidates, probability.tolist(), strict=True):
        fitted = refit(fit, fit.variant(spillovers=term)) if p else None
        models.append(SpatialModel(name, term, height, p, fitted))
    return models, left_out


def mixed(fit: Fit, models: Sequence[SpatialModel]) -> xr.Dataset:
    """Combine draws of models in an effects dataset, in proportion to their probabilities.

    Cells of neighbours, and paths of direct and of spillover effects, are present if any model has
    them; in other models spillovers are zero. Unit-level random effects are part of cell means.
    """
    parts = [(x.probability, x.fit.effects) for x in models if x.fit is not None]
    every = [effects for _, effects in parts]
    effects_dataset = max(every, key=lambda x: (x.sizes[v.PATH], x.sizes[v.CELL]))
    effects_dataset = effects_dataset.drop_dims([v.MEMBER, v.MEMBERSHIP], errors="ignore")
    draws = [{v.EFFECT: _along(effects, effects_dataset)} for effects in every]
    weights = np.array([p for p, _ in parts])
    out = mixture(effects_dataset, draws, weights, int(fit.sampler.seed or 0))
    return schema.validate(out.assign_coords({v.GATE: worst_convergence(*every)}))


def _along(effects: xr.Dataset, effects_dataset: xr.Dataset) -> Array:
    """Return draws (draw, path, cell) of a model in the cells and paths of an effects dataset."""
    values = effects[v.EFFECT].to_numpy()
    values = values.reshape(-1, *values.shape[2:])
    paths = effects[v.PATH].to_numpy().tolist()
    place = {label: k for k, label in enumerate(cell_labels(effects))}
    order = np.array([place.get(label, -1) for label in cell_labels(effects_dataset)])
    out = np.zeros((len(values), effects_dataset.sizes[v.PATH], order.size))
    for k, path in enumerate(effects_dataset[v.PATH].to_numpy().tolist()):
        # Without spillovers the total effect is direct.
        source = v.TOTAL if path == v.DIRECT and path not in paths else path
        if source in paths:
            out[:, k, order >= 0] = values[:, paths.index(source)][:, order[order >= 0]]
    return out


def _path(effects: xr.Dataset, path: str) -> Array:
    """Draws of the average along a path: without spillovers all is own."""
    paths = effects[v.PATH].to_numpy().tolist()
    if path in paths:
        return np.asarray(att(effects, path=path).to_numpy())
    total = np.asarray(att(effects).to_numpy())
    return total if path == v.DIRECT else np.zeros_like(total)
