"""Random reassignment of adoption to units and dates, with refits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import Hint, IdentificationError, NotApplicable
from bayes_nqp._core.i18n import Message, advised, detailed, joined
from bayes_nqp.checks.shared import DOUBT, FAILS, HOLDS, Verdict, average_effect, unit_word
from bayes_nqp.checks.trends._assignment_units import AssignmentUnits
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, Numbers, batch, modes, numbers_of, permuted_averages
from bayes_nqp.inference.model_frame import ModelFrame
from bayes_nqp.model.designs import Design
from bayes_nqp.numerics.sampling import Mode

_TOGETHER = 63
"""Reassignments per task: 500 and the actual adoption make eight tasks."""

type Dates = Callable[[Index, np.random.Generator], Index]
"""Function from cohorts of the units of assignment (-1: never treated) to other cohorts."""

SELDOM, OFTEN = 0.05, 0.2
"""p-values below which the check passes, and from which it fails."""
SILENT = detailed(
    Message(
        "The test concerns chance and not parallel trends: random reassignment removes every "
        "relation between adoption and earlier trends."
    )
)
ERRORS = advised(
    Message("Next: look for a richer error structure with {}.", Hint("check", "error_model"))
)
"""Advice if chance can explain the effect or intervals are too narrow."""


def permutations(
    places: AssignmentUnits, repetitions: int, seed: int, dates: Dates | None = None
) -> list[Index]:
    """Return the actual cohorts (unit), then random reassignments within strata.

    Parameters
    ----------
    dates : callable, optional
        Changes the dates of the reassigned cohorts; by default they stay.
    """
    generator = np.random.default_rng([seed, 7])
    members = [np.flatnonzero(places.stratum == k) for k in np.unique(places.stratum)]
    permuted = [places.cohort[places.of_unit]]
    for _ in range(repetitions):
        cohort = places.cohort.copy()
        for group in members:
            cohort[group] = places.cohort[generator.permutation(group)]
        if dates is not None:
            cohort = dates(cohort, generator)
        permuted.append(cohort[places.of_unit])
    return permuted


def refits(
    fit: Fit, design: Design, panel: Panel, permuted: Sequence[Index], work: str
) -> tuple[Array, Array]:
    """Refit at the posterior mode of the parameters, found from that of a reassignment.

    Returns
    -------
    tuple of ndarray (permutation), outcome units
        Mean and sd of the average effect; NaN if it is not identified.
    """
    near = _near(design, panel, permuted)
    every, order = np.stack(permuted), _by_dates(permuted)
    parts = [every[order[start : start + _TOGETHER]] for start in range(0, len(order), _TOGETHER)]
    tasks = {
        f"placebo {design!r} {panel.digest} {sha256(codes.tobytes()).hexdigest()}": (
            design,
            panel,
            codes,
            near,
        )
        for codes in parts
    }
    results = batch(_placebo, tasks, store=numbers_of(fit), work=work).values()
    mean, sd = np.empty((2, len(order)))
    mean[order] = np.concatenate([part["mean"] for part in results])
    sd[order] = np.concatenate([part["sd"] for part in results])
    return mean, sd


def _near(design: Design, panel: Panel, permuted: Sequence[Index]) -> Mode:
    """Return the mode of the first reassignment that can be fitted: all have no effect."""
    for codes in permuted[1:]:
        with suppress(IdentificationError):
            return modes(design, panel.with_cohorts(codes))[0]
    return modes(design, panel)[0]


def _by_dates(permuted: Sequence[Index]) -> Index:
    """Return an order in which reassignments with the same dates are adjacent.

    They share a layout.
    """
    dates = [tuple(np.unique(codes).tolist()) for codes in permuted]
    return np.array(sorted(range(len(dates)), key=dates.__getitem__), dtype=np.int64)


def _placebo(design: Design, panel: Panel, codes: Index, near: Mode) -> Numbers:
    mean, sd = permuted_averages(design, panel, codes, _treated_rows, near=near)
    return {"mean": mean, "sd": sd}


def _treated_rows(model_frame: ModelFrame) -> Array:
    """Return shares of cells in the treated observations from adoption on (cell, 1)."""
    cells = model_frame.cells
    rows = np.where(cells.lead | (cells.event_time < 0), 0.0, cells.rows)
    return np.asarray(rows[:, None] / rows.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Placebos:
    """Average effects of random reassignments, and of the actual adoption, at posterior modes.

    Parameters
    ----------
    mean, sd : ndarray (repetition), outcome units
        Estimates of the reassignments.
    actual, actual_sd : float, outcome units
        Mean and standard deviation of the actual estimate.
    """

    mean: Array
    sd: Array
    actual: float
    actual_sd: float

    @property
    def p(self) -> float:
        """Two-sided p-value: share of estimates as far from zero, the actual one included."""
        return _share(np.abs(self.mean) >= abs(self.actual))

    @property
    def p_left(self) -> float:
        """Share of estimates at most as large as the actual one."""
        return _share(self.mean <= self.actual)

    @property
    def p_right(self) -> float:
        """Share of estimates at least as large as the actual one."""
        return _share(self.mean >= self.actual)

    @property
    def p_over_sd(self) -> float:
        """Two-sided p-value of the estimate over its SD, which discounts noisy reassignments.

        References
        ----------
        Chung, E. and Romano, J. (2013). Exact and asymptotically robust permutation tests. Annals
        of Statistics 41(2).
        """
        ratio, actual = self.mean / self.sd, self.actual / self.actual_sd
        return _share(np.abs(ratio) >= abs(actual))

    def figure(self, places: AssignmentUnits) -> Message:
        """Return the place of the actual estimate in the permutation distribution."""
        return Message(
            "p = {:.3f} for the effect over its SD; p of the effect {:.3f} two-sided, {:.3f} left, "
            "{:.3f} right; {} random reassignments by {}; placebo effects {:.2g} (SD {:.2g}), "
            "actual effect at the posterior mode {:.3g}",
            self.p_over_sd,
            self.p,
            self.p_left,
            self.p_right,
            self.mean.size,
            unit_word(places.name),
            self.mean.mean(),
            self.mean.std(),
            self.actual,
        )

    def dataset(self, panel: Panel, places: AssignmentUnits, **attrs: float | str) -> xr.Dataset:
        """Return evidence of the kind "permutation".

        Returns
        -------
        Dataset
            ``placebo`` and ``placebo_sd`` (repetition), ``actual`` and ``actual_sd``, outcome
            units; p-values among the attrs.
        """
        return xr.Dataset(
            {"placebo": ("repetition", self.mean), "placebo_sd": ("repetition", self.sd),
             "actual": self.actual, "actual_sd": self.actual_sd},
            attrs={"p": self.p, "p_left": self.p_left, "p_right": self.p_right,
                   "p_over_sd": self.p_over_sd, "dealt_to": places.name,
                   "outcome": panel.roles.outcome, **attrs},
        )  # fmt: skip


def placebos(mean: Array, sd: Array) -> Placebos:
    """Separate the first of some refits, as the actual one.

    Raises
    ------
    NotApplicable
        If fewer than half of the reassignments can be fitted, or the actual adoption cannot.
    """
    fitted = np.isfinite(mean[1:])
    if np.isnan(mean[0]) or fitted.sum() < fitted.size // 2:
        raise NotApplicable(
            Message("Fewer than half of the random reassignments of adoption can be estimated.")
        )
    return Placebos(mean[1:][fitted], sd[1:][fitted], float(mean[0]), float(sd[0]))


def _share(far: npt.NDArray[np.bool_]) -> float:
    return (1 + int(far.sum())) / (far.size + 1)


def beside_chance(fit: Fit, p: float) -> tuple[Verdict, Message]:
    """Judge an effect by the share of random reassignments with as large a ratio to the SD."""
    low, high = np.quantile(average_effect(fit), (0.025, 0.975))
    if low <= 0 <= high:
        return HOLDS, Message(
            "The 95 % interval of the average effect includes zero, so there is no effect that "
            "chance would have to explain."
        )
    if p < SELDOM:
        return HOLDS, Message(
            "Random reassignment of adoption rarely gives an effect as large relative to its "
            "standard deviation (p = {:.2g}).",
            p,
        )
    often = Message(
        "Random reassignment of adoption gives an effect as large relative to its standard "
        "deviation in {:.0%} of cases. Chance can therefore explain the estimated effect.",
        p,
    )
    return (DOUBT if p < OFTEN else FAILS), joined([often, ERRORS])
