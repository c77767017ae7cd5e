"""Fields of a panel: observations as arrays, on a grid of units and periods."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.labels import UNLABELLED, Labels
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel._grid import Grid
from bayes_nqp.data.panel._roles import Roles
from bayes_nqp.data.reading import Strings, frozen


@door
@dataclass(frozen=True, eq=False, repr=False)
class Rectangle:
    """The fields of a panel, as documented in `Panel`, and quantities derived from them."""

    frame: pd.DataFrame
    roles: Roles
    unit_labels: Strings
    unit_codes: Index
    time_labels: npt.NDArray[Any]
    time_codes: Index
    cohort_codes: Index
    outcome: Array
    weights: Array | None
    outcome_se: Array | None
    covariates: Array
    mediators: Array
    moderators: Array
    levels: dict[str, Strings]
    strata_codes: dict[str, Index]
    dropped: dict[str, int]
    notes: tuple[str, ...]
    grid: Grid
    never: tuple[object, ...] = ()
    exposures: Array = field(default_factory=lambda: frozen(np.empty((0, 0))))
    labels: Labels = UNLABELLED
    counts: Array = field(default_factory=lambda: frozen(np.empty(0)))
    exposure: Array | None = None
    trials: Array | None = None
    in_force: Mask | None = None

    @property
    def summed(self) -> bool:
        """Return True if units are representatives of aggregated units."""
        return self.roles.counts is not None

    def need_units(self, subject: Message) -> None:
        """Raise an error if a method requires single units and the panel is aggregated."""
        if self.summed:
            raise PanelError(
                Message("{} requires single units, but this panel is aggregated", subject),
                where=Message(
                    "{:,} units, aggregated into {:,}", self.n_units, self.unit_labels.size
                ),
                hint="use the panel of single units, or of a sample of them",
            )

    def summed_product(self, left: str, right: str) -> Array:
        """Return the product of two columns formed before aggregation (row), or raise an error."""
        name = product_name(left, right)
        if name not in self.frame.columns:
            raise PanelError(
                Message(
                    "the aggregated panel does not contain the product of {!r} and {!r}",
                    left,
                    right,
                ),
                where=Message(
                    "{:,} units, aggregated into {:,}", self.n_units, self.unit_labels.size
                ),
                hint=Message("pass products=[({!r}, {!r})] when units are aggregated", left, right),
            )
        return self.frame[name].to_numpy(dtype=float)

    @cached_property
    def n_units(self) -> int:
        """Return the number of units, weighted by counts."""
        return round(self.counts.sum())

    @cached_property
    def n_rows(self) -> int:
        """Return the number of observations, weighted by counts of units."""
        return round(self.counts[self.unit_codes].sum())

    @property
    def number_of_trials(self) -> Array:
        """Return the number of trials (row), one without a column of them."""
        return np.ones(self.outcome.size) if self.trials is None else self.trials

    @property
    def periods(self) -> int:
        """Return the number of periods of the grid."""
        return len(self.time_labels)

    @property
    def balanced(self) -> bool:
        """Return True if every unit is observed in every period."""
        return len(self.unit_codes) == len(self.unit_labels) * self.periods

    @cached_property
    def cohort_labels(self) -> npt.NDArray[Any]:
        """Return first treated periods: float with NaN, or text with ``""`` (unit)."""
        codes, labels = self.cohort_codes, self.time_labels
        if labels.dtype.kind in "iuf":
            return frozen(np.where(codes < 0, np.nan, labels[codes].astype(np.float64)))
        return frozen(np.where(codes < 0, "", labels[codes]))

    @cached_property
    def treatment_path(self) -> Mask:
        """Return True for periods in which a unit is treated (unit, period)."""
        if self.in_force is not None:
            return self.in_force
        start = np.where(self.cohort_codes < 0, self.periods, self.cohort_codes)
        return frozen(np.arange(self.periods) >= start[:, None])

    @cached_property
    def ends(self) -> bool:
        """Return True if the treatment of a unit ends within the panel."""
        path = self.treatment_path
        return bool((path[:, :-1] & ~path[:, 1:]).any())

    @property
    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `from_frame` that reproduce this panel from its frame."""
        never, labels = list(self.never) or None, self.labels.words or None
        return {**asdict(self.roles), "never": never, "freq": self.grid.freq, "labels": labels}

    @cached_property
    def digest(self) -> str:
        """Return a SHA-256 hash of the columns with roles, independent of order and dtypes."""
        order = np.argsort(self.unit_labels, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(order.size)
        named = bool((order == rank).all() and (np.diff(order) == 1).all())
        rows = slice(None) if named else np.argsort(rank[self.unit_codes], kind="stable")
        texts: list[object] = [
            self.roles.named(),
            self.unit_labels[order].tolist(),
            [str(label) for label in self.time_labels],
            [self.levels[f][self.strata_codes[f][order]].tolist() for f in self.roles.strata],
        ]
        seal = hashlib.sha256(repr(texts).encode("utf-8"))
        for codes in (self.cohort_codes[order], rank[self.unit_codes][rows], self.time_codes[rows]):
            seal.update(np.ascontiguousarray(codes, dtype="<i8"))
        known = (self.weights, self.outcome_se, self.exposure, self.trials)
        weights = [x for x in known if x is not None]
        matrices = (self.covariates, self.mediators, self.moderators, self.exposures)
        for values in (self.outcome, *matrices, *weights):
            if values.size:
                seal.update(_canonical(values[rows]))
        if self.in_force is not None:
            seal.update(np.packbits(self.in_force[order]).tobytes())
        if self.roles.counts is not None:
            seal.update(_canonical(self.counts[order]))
        return seal.hexdigest()


def product_name(left: str, right: str) -> str:
    """Return the name of the product of two columns, in either order."""
    return " × ".join(sorted((left, right)))


def _canonical(values: Array) -> Array:
    """Give every zero one sign and every NaN one bit pattern."""
    out = np.ascontiguousarray(values + 0.0, dtype="<f8")
    out[np.isnan(out)] = np.nan
    return out
