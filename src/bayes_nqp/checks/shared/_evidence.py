"""Evidence for one design against another, by log marginal likelihood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import IdentificationError, NQPError, PanelError, StudyError, shown
from bayes_nqp._core.i18n import NOTHING, Message, joined
from bayes_nqp._core.plugins import registered
from bayes_nqp.data.panel import ENDS, Panel, is_paired, of_one_end, unit_column, units_alone
from bayes_nqp.inference.fitting import Fit, Marginal, log_marginal, once, panel_of, reused_draws
from bayes_nqp.model.designs import Design, Term, structures
from bayes_nqp.model.predictors import TimeEffects

REFUTED: Final = 3.0
"""Log Bayes factor from which a design is rejected: odds of 20 to 1."""
LASTING: Final = 3.0
"""Log Bayes factor, plus the log of the number of columns, from which shocks are shared."""
_VALUES: Final = 600
"""Largest number of levels × periods for which shared shocks are computed."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """Evidence that units of the same level of a column share persistent shocks.

    Parameters
    ----------
    by : str
        The column.
    shocks : Term
        Shocks of its levels, correlated over periods.
    value : float
        Log Bayes factor of the design with the shocks over that of the fit; missing if it does not
        exist.
    limit : float
        Value from which it counts.
    reason : Message
        Reason for a missing value.
    """

    by: str
    shocks: Term | None
    value: float = np.nan
    limit: float = LASTING
    reason: Message = NOTHING

    @property
    def found(self) -> bool:
        """True if the evidence exceeds the limit."""
        return self.value > self.limit


def nesting(panel: Panel) -> dict[str, Index]:
    """Return the level of each unit, by every column that groups units.

    Such columns are constant within units and have several units per level. Measurements, the
    panel's roles, columns with one unit per level, and columns that only repeat the time of
    adoption are excluded. Units without a value form their own level; columns with more than a few
    missing values are excluded. For pairs, columns of one end are excluded, because `dyadic_errors`
    tests both ends together; regions and similar columns enter as both ends have them.
    """
    roles = panel.roles
    named = {roles.unit, roles.time, roles.cohort, roles.outcome, roles.counts}
    named |= {*ENDS, *of_one_end(panel)} if is_paired(panel) else set()
    return {
        name: codes
        for name, codes in _constant(panel)
        if name not in named
        and 1 < np.unique(codes).size < panel.n_units
        and not _of_adoption(panel, codes)
    }


def _of_adoption(panel: Panel, codes: Index) -> bool:
    """Return True if all units of one cohort, and all never-treated ones, have the same level."""
    pairs = np.unique(np.stack([panel.cohort_codes, codes]), axis=1)
    return bool(pairs.shape[1] == np.unique(pairs[0]).size)


def said_alone(panel: Panel, names: Iterable[str]) -> Message:
    """Return a sentence about columns that are empty for some units; empty if there are none."""
    every = {name: units_alone(panel, name) for name in names if name in panel.frame.columns}
    return joined([
        Message(
            "{n} unit without a value of {} ({}) forms its own group.", name, shown(labels),
            plural="{n} units without a value of {} ({}) each form their own group.", n=labels.size,
        )
        for name, labels in every.items()
        if labels.size
    ])  # fmt: skip


def _constant(panel: Panel) -> Iterator[tuple[str, Index]]:
    for name in map(str, panel.frame.columns):
        if panel.frame[name].dtype.kind != "f":
            try:
                yield name, unit_column(panel, name, "by", alone=True)[0]
            except (PanelError, StudyError):
                continue


def shared_for(fit: Fit, columns: Mapping[str, Index]) -> dict[str, Lasting]:
    """Compute the evidence for persistent shocks shared within the levels of columns.

    ``log p(y | shocks) - log p(y)``, with effects and errors as in the fit; both designs have the
    same flat coefficients. Transitory shocks are a special case.

    Parameters
    ----------
    columns : mapping of str to ndarray of int (unit)
        Levels of units by column.
    """
    limit = LASTING + float(np.log(max(len(columns), 1)))
    return {name: _lasting(fit, name, codes, limit) for name, codes in columns.items()}


def _lasting(fit: Fit, name: str, codes: Index, limit: float) -> Lasting:
    shocks, panel = lasting_shocks(fit, name), panel_of(fit)
    if shocks is None or panel.weights is not None:
        return Lasting(
            name, shocks, reason=Message("this design has no argument for shared shocks")
        )
    if np.unique(codes).size * panel.periods > _VALUES:
        return Lasting(name, shocks, reason=Message("it has too many levels"))
    try:
        value = -behind(fit, fit.outcome_design.variant({"shocks": shocks}))
    except NQPError as refusal:
        return Lasting(name, shocks, reason=refusal.what)
    return Lasting(name, shocks, value, limit)


def lasting_shocks(fit: Fit, by: str) -> Term | None:
    """Return a term for persistent shocks shared within a column's levels; None if not possible."""
    kinds = registered("shocks").values() if fit.takes("shocks") else ()
    errors = next(iter(structures("AR1")), None)
    return next((kind(by, errors=errors) for kind in kinds), None)


def behind(fit: Fit, other: Design, panel: Panel | None = None) -> float:
    """Return the log Bayes factor of the fit's design over another; NaN if it does not exist.

    Flat time effects by level have no marginal likelihood that could be compared with that of
    common time effects. If levels differ, time effects shrunk towards common ones are used instead.

    Raises
    ------
    NQPError
        If one of the two has no marginal likelihood.
    """
    design: Design = fit.outcome_design
    panel = panel or panel_of(fit)
    levels = [set(x.facts.time_strata(panel)) for x in (design, other)]
    if levels[0] != levels[1]:
        design, other = (_shrunk(x, panel) for x in (design, other))
    first, second = (marginal(fit, x, panel) for x in (design, other))
    comparable(first, second)
    return first.value - second.value


def comparable(first: Marginal, second: Marginal) -> None:
    """Raise an error unless both likelihoods have the same observations, units and columns."""
    if first.ground != second.ground:
        raise IdentificationError(
            Message(
                "the two designs use different observations or flat regressors, so no Bayes factor"
                " exists"
            ),
            hint="use covariates that vary within the periods of every stratum",
        )


def marginal(fit: Fit, design: Design, panel: Panel) -> Marginal:
    """Return the log marginal likelihood of a design; the fit caches it."""
    seed = int(fit.sampler.seed or 0)
    key = ("marginal", design, panel.digest)
    stock = reused_draws(fit)
    return once(fit, key, lambda: log_marginal(design, panel, seed=seed, stock=stock))


def _shrunk(design: Design, panel: Panel) -> Design:
    by = design.facts.time_strata(panel)
    return design.variant({"time": TimeEffects(by, pooled=bool(by))})
