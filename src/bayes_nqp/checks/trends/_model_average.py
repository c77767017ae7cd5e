"""Bayesian model average over assumptions about untreated outcomes."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp._core.i18n import NOTHING, Message, listed
from bayes_nqp._core.templates import FactSheet
from bayes_nqp._core.validation import door
from bayes_nqp.checks.shared import identified_cells, mixture, reason
from bayes_nqp.checks.trends._candidates import (
    CONTRADICTED,
    FAMILIES,
    PRIOR,
    Candidate,
    Evidence,
    Family,
    evidence_of,
    log_bayes_factor,
    prior_of,
    probabilities,
)
from bayes_nqp.checks.trends._cells_of_designs import aligned, over_rows
from bayes_nqp.checks.trends._family_evidence import reference_of
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, worst_convergence
from bayes_nqp.inference.fitting import (
    ADOPTION,
    CHANNELS,
    REFITS,
    ROWS,
    Fit,
    meets,
    panel_of,
    refit,
    require,
    short_refit,
    single,
)
from bayes_nqp.inference.model_frame import ModelFrame, model_frame_of

_LEAST = 0.005
"""Posterior probability below which a candidate is not fitted."""
_MUCH = 0.5
"""Posterior probability from which a candidate has as many draws as the fit."""
_LOSES_CELLS = Message("it does not identify all effects of the fit")
_PARALLEL = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Grid of prior probabilities of parallel trends for the sensitivity table."""

_MIXED = (v.EFFECT, v.DEVIATION, v.UNTREATED)
"""Variables of the average."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """A candidate model of the average.

    Parameters
    ----------
    evidence : Evidence
        Evidence of untreated observations for the candidate.
    weight : float
        Posterior probability.
    effects : Dataset or None
        Effects dataset; None if the probability is too small for a fit.
    """

    evidence: Evidence
    weight: float
    effects: xr.Dataset | None

    @property
    def candidate(self) -> Candidate:
        """The candidate model."""
        return self.evidence.candidate


@door
@dataclass(frozen=True, eq=False, repr=False)
class ModelAverage(FactSheet):
    """Bayesian model average over assumptions about untreated outcomes.

    Every function for estimands, tables and plots of effects accepts it in place of a fit.

    Parameters
    ----------
    effects : Dataset
        Effects dataset with draws under all candidate models, in proportion to their posterior
        probabilities. Cells are those of the fit, identified if every candidate identifies them.
    designs : tuple of Weighed
        Candidate models with their posterior probabilities.
    prior : mapping of str to float
        Prior probabilities of the families "parallel", "differential" and "event".
    left_out : tuple of (Message, Message)
        Candidate models that this panel does not identify, with reasons.
    errors : Message
        Reason for another error structure of all candidates than in the fit; empty otherwise.
    evidence : tuple of Evidence
        Evidence for every candidate model, including those that could not be fitted.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> average = nqp.model_average(fit)
    >>> average.families["prior"].tolist()
    [0.3, 0.5, 0.2]
    """

    effects: xr.Dataset
    designs: tuple[Weighed, ...]
    prior: Mapping[Family, float]
    left_out: tuple[tuple[Message, Message], ...] = ()
    errors: Message = NOTHING
    evidence: tuple[Evidence, ...] = ()

    @property
    def weights(self) -> pd.Series[float]:
        """Posterior probability of every candidate model, by its name."""
        return pd.Series({str(x.candidate.name): x.weight for x in self.designs}, name="weight")

    @property
    def table(self) -> pd.DataFrame:
        """Tabulate evidence, probabilities and the average effect by candidate model.

        Returns
        -------
        DataFrame
            One row per candidate: ``design``, ``family``, ``log_evidence`` (log marginal likelihood
            less that of parallel trends), ``prior``, ``weight`` (posterior probability), and, if
            fitted, ``att`` and ``sd`` in outcome units.
        """
        rows = []
        for x, prior in zip(self.designs, _priors(self.designs, self.prior), strict=True):
            draws = None if x.effects is None else att(x.effects).to_numpy()
            mean, sd = (np.nan, np.nan) if draws is None else (draws.mean(), draws.std())
            name, family = str(x.candidate.name), x.candidate.family
            rows.append((name, family, x.evidence.value, prior, x.weight, mean, sd))
        columns = ["design", "family", "log_evidence", "prior", "weight", "att", "sd"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def families(self) -> pd.DataFrame:
        """Tabulate prior and posterior probabilities by family of assumptions.

        Returns
        -------
        DataFrame
            By family: ``prior``; and ``posterior``, missing if this panel identifies no candidate
            of the family.
        """
        posterior = dict.fromkeys(self.prior, np.nan)
        for x in self.designs:
            family = x.candidate.family
            posterior[family] = np.nan_to_num(posterior[family]) + x.weight
        frame = pd.DataFrame({"prior": pd.Series(self.prior), "posterior": pd.Series(posterior)})
        return frame.rename_axis("family")

    @property
    def log_bayes_factor(self) -> float:
        """Log Bayes factor of parallel trends against the other families, by their prior.

        The posterior log odds less the prior log odds; missing if parallel trends have no
        alternative on this panel.
        """
        posterior = self.families["posterior"]
        finite = {x: float(posterior[x]) for x in self.prior if np.isfinite(posterior[x])}
        return log_bayes_factor(finite, self.prior)

    @property
    def support(self) -> float:
        """Posterior probability of the most probable family, tempered by pre-trend tests.

        The sum over its candidates of ``weight * min(1, t / 0.05)``, t the tail probability of zero
        of the pre-adoption coefficients that a candidate does not free. It is small if the data do
        not distinguish the families, or if no candidate explains the periods before adoption.
        """
        families = dict.fromkeys(self.prior, 0.0)
        for x in self.designs:
            tail = x.evidence.tail
            allowed = 1.0 if np.isnan(tail) else min(1.0, tail / CONTRADICTED)
            families[x.candidate.family] += x.weight * allowed
        return max(families.values())

    @property
    def sensitivity(self) -> pd.DataFrame:
        """Tabulate the average effect by the prior probability of parallel trends.

        The other families keep the ratio of their prior probabilities.

        Returns
        -------
        DataFrame
            One row for each prior of 0.1 to 0.9: ``prior`` and ``posterior`` (of parallel trends),
            ``att``, ``lower`` and ``upper`` (95 %), outcome units. Candidates that were not fitted
            are excluded.
        """
        draws = {
            x.candidate: att(x.effects).to_numpy().ravel()
            for x in self.designs
            if x.effects is not None
        }
        every = np.concatenate([*draws.values()])
        order = np.argsort(every, kind="stable")
        estimated = {x.candidate for x in self.designs}
        parallel = np.array([x.candidate.family == "parallel" for x in self.evidence])
        complement = 1.0 - self.prior["parallel"]
        rows = []
        for p in _PARALLEL if complement and {x.family for x in draws} != {"parallel"} else ():
            prior = {
                k: p if k == "parallel" else (1 - p) * x / complement for k, x in self.prior.items()
            }
            posterior = probabilities(self.evidence, prior)
            weights = _within_families(self.evidence, posterior, draws)
            share = np.concatenate(
                [
                    np.full(draws[x.candidate].size, w / draws[x.candidate].size)
                    for x, w in zip(self.evidence, weights, strict=True)
                    if x.candidate in draws
                ]
            )
            places = np.searchsorted(np.cumsum(share[order]), [0.025, 0.975])
            low, high = every[order][np.minimum(places, every.size - 1)]
            mean = float(share @ every)
            among = _within_families(self.evidence, posterior, estimated)
            rows.append((p, float(among[parallel].sum()), mean, float(low), float(high)))
        columns = ["prior", "posterior", "att", "lower", "upper"]
        return pd.DataFrame(rows, columns=columns, dtype=np.float64)

    @property
    def words(self) -> Message:
        """Prior and posterior probabilities of the families in words."""
        posterior = self.families["posterior"]
        parts = [
            Message("{} {:.2f} → {:.2f}", FAMILIES[name], prior, posterior[name])
            if np.isfinite(posterior[name])
            else Message("{} {:.2f} → not identified", FAMILIES[name], prior)
            for name, prior in self.prior.items()
        ]
        return listed(parts, len(parts))

    def _facts(self) -> list[tuple[str, str]]:
        sizes = self.effects.sizes
        posterior = self.families["posterior"]
        lines = [
            (str(FAMILIES[name]), f"prior {prior:.2f}, posterior {posterior[name]:.2f}")
            for name, prior in self.prior.items()
        ]
        lines += [(f"  {x.candidate.name}", f"{x.weight:.2f}") for x in self.designs]
        lines += [(f"  {name}", f"– ({why})") for name, why in self.left_out]
        return [*lines, ("draws", f"{sizes[v.CHAIN]} × {sizes[v.DRAW]}")]


def _priors(designs: Sequence[Weighed], prior: Mapping[Family, float]) -> list[float]:
    """Return prior probabilities of candidates: those of the families, divided by their shares."""
    total = dict.fromkeys(prior, 0.0)
    for x in designs:
        total[x.candidate.family] += x.candidate.share
    return [
        prior[x.candidate.family] * x.candidate.share / total[x.candidate.family] for x in designs
    ]


@door
def model_average(fit: Fit, *, prior: Mapping[str, float] | None = None) -> ModelAverage:
    """Average the effects over assumptions about untreated outcomes, weighted by evidence.

    The candidate models are the design of the fit under parallel trends; with anticipation of one,
    two and three periods; with `AshenfelterDip` of one, two and three periods; with
    `PreAdoptionShift` three periods before adoption; with a linear differential trend; with
    `DifferentialTrends`; with `DifferentialTrends` and anticipation of one period; and with
    `Factors`, if held-out untreated observations clearly prefer common factors (docs/trends.md).
    The evidence is the log marginal likelihood of untreated observations; effects of treated cells
    are flat in all candidates. The means of treated units just before adoption and the size of a
    dip or shift have a prior of standard deviation ``s``. A common slope has a unit-information
    prior. Averages exclude anticipation periods.

    All candidates have another error structure than the fit if untreated observations clearly show
    a different error variance of treated units, or persistent shocks shared within the levels of a
    column that move the average effect (`error_model`). For a `Mediation`, the evidence is that of
    the outcome, and the assumption of each candidate applies to the mediators too.

    Parameters
    ----------
    prior : mapping of str to float, optional
        Prior probabilities of the families of assumptions: ``"parallel"`` (parallel trends),
        ``"differential"`` (differential trends) and ``"event"`` (an event just before adoption:
        anticipation, a dip, a level shift); 0.3, 0.5 and 0.2 by default. Families that are not
        given share the rest in the default ratio. Candidates of one family share its probability
        equally, except for the linear trend, which has two thirds of its family's.

    Returns
    -------
    ModelAverage
        Accepted by `nqp.att`, tables and plots in place of a fit. A candidate that the panel does
        not identify, or that does not identify a cell of the fit, is excluded with a reason; its
        family keeps its prior probability. Candidates with a posterior probability below 0.005 are
        not fitted.

    Raises
    ------
    NotApplicable
        If nothing is adopted, the fit has no observations, or its likelihood does not compress.
    StudyError
        If `prior` names no family, or its values are not probabilities that sum to one.

    References
    ----------
    Hoeting, J. A., Madigan, D., Raftery, A. E. and Volinsky, C. T. (1999). Bayesian model
    averaging: a tutorial. Statistical Science 14(4).

    Roth, J. (2022). Pretest with caution: event-study estimates after testing for parallel trends.
    American Economic Review: Insights 4(3).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=60, periods=9, cohorts=(6, 8), strata={}, seed=1)
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel.panel, nqp.Importance(seed=1), progress=False)
    >>> average = nqp.model_average(fit, prior={"parallel": 0.5})
    >>> round(float(average.weights.sum()), 6)
    1.0
    >>> nqp.att(average).dims
    ('chain', 'draw')
    """
    stated = prior_of(prior)
    for need in (ADOPTION, ROWS, REFITS):
        require(fit, need)
    fit = single(fit)
    reference = reference_of(fit)
    if not meets(fit, (CHANNELS,)):
        fit = reference.fit
    elif reference.changes:
        fit = refit(fit, fit.design.variant(reference.changes))
    return replace(mixed(fit, evidence_of(reference.fit), stated), errors=reference.words)


def mixed(
    fit: Fit, every: Sequence[Evidence], prior: Mapping[Family, float] = PRIOR
) -> ModelAverage:
    """Combine draws under candidate models in proportion to their posterior probabilities.

    Parameters
    ----------
    every : sequence of Evidence
        Evidence for each candidate.

    Raises
    ------
    StudyError
        If no candidate can be fitted.
    """
    weighable = [x for x in every if not x.reason]
    if not weighable:
        raise StudyError(
            "no candidate model can be estimated", hint="fit another design with nqp.fit"
        )
    posterior = probabilities(weighable, prior)
    lost: dict[Candidate, Message] = {}
    while True:
        weights = _within_families(weighable, posterior, {x.candidate for x in weighable} - {*lost})
        shares = np.where(weights < _LEAST, 0.0, weights)
        effects, more = _fitted(fit, weighable, shares)
        if not more:
            break
        lost |= more
    shares /= shares.sum()
    seed = int(fit.sampler.seed or 0)
    mixed_effects = _mixture(group_time_effects(fit), effects, shares, seed)
    designs = tuple(
        Weighed(*x)
        for x in zip(weighable, weights.tolist(), effects, strict=True)
        if x[0].candidate not in lost
    )
    reasons = {x.candidate: x.reason for x in every if x.reason} | lost
    left_out = tuple((candidate.name, why) for candidate, why in reasons.items())
    return ModelAverage(mixed_effects, designs, prior, left_out, evidence=tuple(weighable))


def _within_families(
    every: Sequence[Evidence], posterior: Array, estimated: Container[Candidate]
) -> Array:
    """Reassign the probability of candidates that cannot be estimated within their family.

    Probabilities of families depend on evidence alone. That of a family without any estimated
    candidate goes to the others in proportion.
    """
    family = np.array([x.candidate.family for x in every])
    weights = np.where([x.candidate in estimated for x in every], posterior, 0.0)
    for name in np.unique(family):
        of = family == name
        if weights[of].sum() > 0:
            weights[of] *= posterior[of].sum() / weights[of].sum()
    if not weights.any():
        raise StudyError(
            "no candidate model can be estimated", hint="fit another design with nqp.fit"
        )
    return np.asarray(weights / weights.sum())


def _fitted(
    fit: Fit, weighable: Sequence[Evidence], weights: Array
) -> tuple[list[xr.Dataset | None], dict[Candidate, Message]]:
    """Return effects of candidates with positive weight, and reasons for those that lose a cell."""
    effects: list[xr.Dataset | None] = []
    lost: dict[Candidate, Message] = {}
    effects_dataset = group_time_effects(fit)
    places, paths = identified_cells(effects_dataset), {*effects_dataset[v.PATH].to_numpy()}
    rows = panel_of(fit)
    receivers = v.ROLE in effects_dataset.coords and bool(
        (effects_dataset[v.ROLE] == v.NEIGHBOUR).any()
    )
    for x, weight in zip(weighable, weights, strict=True):
        effects.append(None)
        if weight == 0.0:
            continue
        try:
            design = x.candidate.design(fit)
            if not receivers and _cells(fit.model_frame) - _cells(model_frame_of(design, rows)):
                lost[x.candidate] = _LOSES_CELLS
                continue
            long = design == fit.design or weight > _MUCH
            cells = group_time_effects((refit if long else short_refit)(fit, design))
            if x.candidate.early and receivers:
                cells = over_rows(
                    effects_dataset, cells, fit.model_frame, model_frame_of(design, panel_of(fit))
                )
        except NQPError as error:
            lost[x.candidate] = reason(error)
            continue
        if places - identified_cells(cells) or paths - {*cells[v.PATH].to_numpy()}:
            lost[x.candidate] = _LOSES_CELLS
        effects[-1] = cells
    return effects, lost


def _cells(frame: ModelFrame) -> set[tuple[str, ...]]:
    """Return the labels of the cells with effects, which are known before any draw."""
    cells = frame.cells
    labels = [*cells.strata.values(), cells.cohort, cells.time]
    return {*zip(*(x[~cells.lead].astype(str).tolist() for x in labels), strict=True)}


def _mixture(
    effects_dataset: xr.Dataset, effects: Sequence[xr.Dataset | None], shares: Array, seed: int
) -> xr.Dataset:
    """Return draws under the candidates in the cells of the fit, in proportion to their shares."""
    every = [x for x in effects if x is not None]
    weights = np.array([w for w, x in zip(shares, effects, strict=True) if x is not None])
    names = [name for name in _MIXED if name in effects_dataset]
    parts = [{name: aligned(effects, effects_dataset, name) for name in names} for effects in every]
    gate = worst_convergence(*every)
    return schema.validate(
        mixture(effects_dataset, parts, weights, seed).assign_coords({v.GATE: gate})
    )
