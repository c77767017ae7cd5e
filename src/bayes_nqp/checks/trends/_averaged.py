"""One answer over several designs: draws of each, mixed by what untreated rows say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.arrays import Array
from bayes_nqp.checks.model import evenly, rests_on
from bayes_nqp.checks.shared import identified_cells, mixture, reason
from bayes_nqp.checks.trends._candidates import (
    DRIFT_ODDS,
    Candidate,
    Evidence,
    evidence_of,
    probabilities,
)
from bayes_nqp.checks.trends._cells_of_designs import aligned, over_rows
from bayes_nqp.checks.trends._next_design import shared_shocks
from bayes_nqp.doors import door
from bayes_nqp.effects import cell_effects
from bayes_nqp.errors import Hint, NQPError, StudyError
from bayes_nqp.estimands import att, worst_gate
from bayes_nqp.fitting import (
    ADOPTION,
    REFITS,
    ROWS,
    Fit,
    once,
    panel_of,
    refit,
    require,
    short_refit,
    single,
)
from bayes_nqp.language import NOTHING, Message, advised, joined, listed
from bayes_nqp.markup import FactSheet
from bayes_nqp.planning import plan_of

_LEAST = 0.005
"""Weight below which a design is not fitted."""
_MUCH = 0.5
"""Weight from which a design has as many draws as the fit; others have a fourth."""
_SHOWN = (0.0, DRIFT_ODDS, 4.0)
"""Prior log odds of a drift over which the answer is shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """A design of the average.

    Parameters
    ----------
    evidence : Evidence
        What untreated rows say of it.
    weight : float
        Its posterior probability among the designs.
    effects : Dataset or None
        Of the waist; None where it weighs too little to be fitted.
    """

    evidence: Evidence
    weight: float
    effects: xr.Dataset | None

    @property
    def candidate(self) -> Candidate:
        """The design."""
        return self.evidence.candidate


@door
@dataclass(frozen=True, eq=False, repr=False)
class Averaged(FactSheet):
    """The answer over several designs, each weighed by its evidence on untreated rows.

    Every estimand, table and plot of effects takes it as it takes a fit.

    Parameters
    ----------
    effects : Dataset
        The waist: draws of all designs, in proportion to their weights. Cells are those of the
        fit, identified where each of the designs identifies them.
    designs : tuple of Weighed
        With the weight of each.
    drift_odds : float
        Prior log odds of a drift of adopters.
    left_out : tuple of (Message, Message)
        Designs that this panel cannot tell, and why.
    errors : Message
        Why all designs have other errors than the fit; empty where they have its own.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> answer = nqp.averaged(fit)
    >>> round(sum(each.weight for each in answer.designs), 6)
    1.0
    """

    effects: xr.Dataset
    designs: tuple[Weighed, ...]
    drift_odds: float
    left_out: tuple[tuple[Message, Message], ...] = ()
    errors: Message = NOTHING

    @property
    def weights(self) -> pd.Series[float]:
        """Weight of every design, by its name."""
        return pd.Series({str(x.candidate.name): x.weight for x in self.designs}, name="weight")

    @property
    def table(self) -> pd.DataFrame:
        """Evidence, weight and average effect of every design.

        Returns
        -------
        DataFrame
            A row a design: ``design``, ``log_evidence`` (less that of parallel trends),
            ``weight``, and ``att`` and ``sd``, outcome units, where it was fitted.
        """
        rows = []
        for x in self.designs:
            draws = None if x.effects is None else att(x.effects).to_numpy()
            mean, sd = (np.nan, np.nan) if draws is None else (draws.mean(), draws.std())
            rows.append((str(x.candidate.name), x.evidence.value, x.weight, mean, sd))
        return pd.DataFrame(rows, columns=["design", "log_evidence", "weight", "att", "sd"])

    @property
    def sensitivity(self) -> pd.DataFrame:
        """The average effect under other prior odds of a drift.

        Returns
        -------
        DataFrame
            A row each of the log odds 0, 1.5 and 4: ``drift_odds``, ``drift`` (weight of designs
            with a drift), ``att``, ``lower`` and ``upper`` (95 %), outcome units. Designs that were
            not fitted are left out.
        """
        fitted = [x for x in self.designs if x.effects is not None]
        draws = [att(x.effects).to_numpy().ravel() for x in fitted if x.effects is not None]
        rows = []
        for odds in _SHOWN:
            weights = probabilities([x.evidence for x in fitted], odds)
            share = np.concatenate(
                [np.full(x.size, w / x.size) for x, w in zip(draws, weights, strict=True)]
            )
            every = np.concatenate(draws)
            order = np.argsort(every, kind="stable")
            places = np.searchsorted(np.cumsum(share[order]), [0.025, 0.975])
            low, high = every[order][np.minimum(places, every.size - 1)]
            drift = sum(w for x, w in zip(fitted, weights, strict=True) if x.candidate.drift)
            rows.append((odds, float(drift), float(share @ every), float(low), float(high)))
        return pd.DataFrame(rows, columns=["drift_odds", "drift", "att", "lower", "upper"])

    @property
    def words(self) -> Message:
        """The weights in words, those above one per cent."""
        parts = [
            Message("{} {:.0%}", x.candidate.name, x.weight)
            for x in sorted(self.designs, key=lambda x: -x.weight)
            if x.weight >= 0.01
        ]
        return listed(parts, len(parts))

    def _facts(self) -> list[tuple[str, str]]:
        sizes = self.effects.sizes
        lines = [(str(x.candidate.name), f"{x.weight:.2f}") for x in self.designs]
        lines += [(str(name), f"– ({why})") for name, why in self.left_out]
        lines += [("prior log odds of a drift", f"{self.drift_odds:g}")]
        return [*lines, ("draws", f"{sizes[v.CHAIN]} × {sizes[v.DRAW]}")]


@door
def averaged(fit: Fit, *, drift_odds: float = DRIFT_ODDS) -> Averaged:
    """Average the answers of several designs, each weighed by its evidence on untreated rows.

    The designs are the fit's own under parallel trends; with a response one, two and three periods
    before adoption; with `Dip`, of one, two and three periods; with `LevelShift`, three periods
    before adoption; with a drift along lines; with `DifferentialTrends`; and with these and a
    response one period before. Evidence of a drift is the log Bayes factor that `nqp.check(fit,
    "pretrends")` has, on all rows; of the others the log marginal likelihood beside that of
    parallel trends, the means of adopters just before adoption and the size of a dip or shift
    having a prior of standard deviation ``s``, and a common slope that of a unit's information.
    Anticipated event times count in no average. Where untreated rows leave no doubt that errors of
    adopters spread otherwise, or that units of one level of a column share shocks that last and on
    which the average effect rests (`error_model`), all designs have such errors.

    Parameters
    ----------
    drift_odds : float, default 1.5
        Prior log odds of a drift of adopters. 0 gives evidence alone the word; the default leans to
        a drift, since few periods cannot tell what would be large later (docs/truth.md).

    Returns
    -------
    Averaged
        Which `nqp.att`, tables and plots take as they take a fit. A design
        that the panel cannot identify, or by which a cell of the fit is lost, is left out and
        named; one that weighs less than .005 is not fitted.

    Raises
    ------
    NotApplicable
        If nothing is adopted, the fit has no rows, or its likelihood does not compress.
    StudyError
        If ``drift_odds`` is no finite number.

    References
    ----------
    Hoeting, J. A., Madigan, D., Raftery, A. E. and Volinsky, C. T. (1999). Bayesian model
    averaging: a tutorial. Statistical Science 14(4).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=60, periods=9, cohorts=(6, 8), strata={}, seed=1)
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel.panel, nqp.Importance(seed=1), progress=False)
    >>> answer = nqp.averaged(fit)
    >>> round(float(answer.weights.sum()), 6)
    1.0
    >>> nqp.att(answer).dims
    ('chain', 'draw')
    """
    for need in (ADOPTION, ROWS, REFITS):
        require(fit, need)
    reference, words = _shown(single(fit))
    if reference.design != fit.design:
        fit = refit(fit, reference.design)
    return replace(mixed(fit, evidence_of(reference), drift_odds), errors=words)


def _shown(fit: Fit) -> tuple[Fit, Message]:
    """A fit whose errors are as untreated rows show them, and why it is not the one given.

    Shocks that units share count where the average effect rests on them, as in `error_model`.
    """
    weights = evenly(fit)
    same, words, together = weights.fit, weights.words, shared_shocks(weights.fit)
    if together is None:
        return same, words
    design = same.variant(shocks=together.shocks)
    units = Message(
        "Units of one {} share shocks that last (log Bayes factor {:.1f})",
        together.by,
        together.value,
    )
    try:
        after = att(short_refit(same, design)).to_numpy()
        if not rests_on(att(same).to_numpy(), after):
            return same, words
        shared = once(same, ("shared", together.by), lambda: refit(same, design))
    except NQPError as refusal:
        lacking = Message("{}, and designs with them cannot be fitted: {}.", units, reason(refusal))
        return same, joined([words, lacking])
    every = Message(
        "{}, which all designs of the average have ({}).", units, Hint("shocks", together.shocks)
    )
    return shared, joined([words, advised(every)])


def mixed(fit: Fit, every: Sequence[Evidence], drift_odds: float = DRIFT_ODDS) -> Averaged:
    """Mix draws of designs by their posterior probabilities.

    Parameters
    ----------
    every : sequence of Evidence
        Of each design.

    Raises
    ------
    StudyError
        If no design can be fitted.
    """
    weighable = [x for x in every if not x.reason]
    if not weighable:
        raise StudyError("no design can be averaged", hint="nqp.fit with another design")
    weights = probabilities(weighable, drift_odds)
    weights = np.where(weights < _LEAST, 0.0, weights)
    effects, lost = _fitted(fit, weighable, weights)
    if lost:
        evidence = [replace(x, reason=lost.get(x.candidate, x.reason)) for x in every]
        return mixed(fit, evidence, drift_odds)
    weights = weights / weights.sum()
    designs = tuple(Weighed(*x) for x in zip(weighable, weights.tolist(), effects, strict=True))
    seed = int(fit.sampler.seed or 0)
    left_out = tuple((x.candidate.name, x.reason) for x in every if x.reason)
    return Averaged(_mixture(cell_effects(fit), designs, seed), designs, drift_odds, left_out)


def _fitted(
    fit: Fit, weighable: Sequence[Evidence], weights: Array
) -> tuple[list[xr.Dataset | None], dict[Candidate, Message]]:
    """Effects of designs that weigh something; those that lose a cell of the fit, and why."""
    effects: list[xr.Dataset | None] = []
    lost: dict[Candidate, Message] = {}
    waist = cell_effects(fit)
    places, paths = identified_cells(waist), {*waist[v.PATH].to_numpy()}
    receivers = v.ROLE in waist.coords and bool((waist[v.ROLE] == v.NEIGHBOUR).any())
    for x, weight in zip(weighable, weights, strict=True):
        effects.append(None)
        if weight == 0.0:
            continue
        try:
            design = x.candidate.design(fit)
            long = design == fit.design or weight > _MUCH
            cells = cell_effects((refit if long else short_refit)(fit, design))
            if x.candidate.early and receivers:
                cells = over_rows(waist, cells, fit.plan, plan_of(design, panel_of(fit)))
        except NQPError as error:
            lost[x.candidate] = reason(error)
            continue
        if places - identified_cells(cells) or paths - {*cells[v.PATH].to_numpy()}:
            lost[x.candidate] = Message("it loses effects that the fit has")
        effects[-1] = cells
    return effects, lost


def _mixture(waist: xr.Dataset, designs: Sequence[Weighed], seed: int) -> xr.Dataset:
    """Draws of the designs in the cells of the fit, in proportion to their weights."""
    weights = np.array([x.weight for x in designs if x.effects is not None])
    every = [x.effects for x in designs if x.effects is not None]
    names = [name for name in (v.EFFECT, v.DEVIATION) if name in waist]
    parts = [{name: aligned(effects, waist, name) for name in names} for effects in every]
    gate = worst_gate(*every)
    return schema.validate(mixture(waist, parts, weights, seed).assign_coords({v.GATE: gate}))
