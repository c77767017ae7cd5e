"""Panels aggregated to a few representative units per class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.threads import one_thread
from bayes_nqp.data.panel._build import build, cohort_column, free_name
from bayes_nqp.data.panel._derive import column_of, rows_of, where
from bayes_nqp.data.panel._panel_arrays import Rectangle, product_name
from bayes_nqp.data.panel._roles import as_names, labelled
from bayes_nqp.data.panel._unit_column import unit_column
from bayes_nqp.data.reading import numbers
from bayes_nqp.numerics.sufficient_statistics import (
    UnitPart,
    UnitSummary,
    UnitSums,
    distinct_rows,
    representatives,
    units_of_part,
)

_NET = ("outcome", "covariates")
"""Roles of columns with unused unit means, because flat unit effects absorb them."""
_BARE = ("exposures", "weights", "outcome_se", "exposure", "trials")
"""Roles of columns that are not centred: zero stays zero."""
_COLUMNS = ("outcome", "covariates", "mediators", "moderators", *_BARE)


def summed_up[P: Rectangle](
    panel: P,
    by: str | Iterable[str],
    baseline: str | Iterable[str],
    products: Iterable[tuple[str, str]],
) -> P:
    """Replace the units of each class by a few representative units with the same sums."""
    by, baseline = as_names("by", by), as_names("baseline", baseline)
    roles = panel.roles
    if roles.treatment is not None:
        raise PanelError(
            Message(
                "units with a treatment that may end ({!r}) are not aggregated", roles.treatment
            ),
            hint="use the panel of single units, or panel.sample(units=…)",
        )
    first = np.searchsorted(panel.unit_codes, np.arange(panel.unit_labels.size))
    parts_of = {name: part for part, name in roles.named() if part in _COLUMNS}
    parts_of |= {name: "baseline" for name in baseline if name not in parts_of}
    factors = pairs_of(products)
    parts_of |= dict.fromkeys(factors, "products")
    values = _measured(panel, parts_of, factors)
    shared = (roles.weights, roles.outcome_se, roles.exposure, roles.trials)
    same = [x for x in shared if x is not None]
    equal = values[:, [list(parts_of).index(name) for name in same]]
    number = distinct_rows(_classes(panel, by, equal))[1]
    chosen = np.unique(number, return_index=True)[1]
    counts_of = panel.counts if panel.summed else None

    def parts() -> Iterator[UnitPart]:
        step = units_of_part(*values.shape[1:])
        for start in range(0, first.size, step):
            units = slice(start, start + step)
            some = None if counts_of is None else counts_of[units]
            yield UnitPart(values[units], number[units, None], some)

    with one_thread():
        sums, of_key = summary_of(parts, parts_of.values()).sums()
    chosen = chosen[of_key[:, 0]]
    keys = {x: panel.frame[x].to_numpy()[first[chosen]] for x in (*roles.strata, *by)}
    if roles.cohort is not None:
        keys[roles.cohort] = cohort_column(panel.cohort_codes[chosen], panel.grid)
    counts = roles.counts or free_name("counts", panel.frame)
    times = panel.time_labels
    if panel.grid.base is not None:
        times = cohort_column(np.arange(panel.periods), panel.grid)
    frame = frame_of(sums, keys, list(parts_of), times, (roles.unit, roles.time, counts))
    note = Message(
        "{:,} observations of {:,} units are aggregated into {:,} classes",
        panel.n_rows, panel.n_units, sums.n.size,
    )  # fmt: skip
    arguments = {**panel.arguments, "counts": counts, "never": None, "labels": None}
    few = type(panel)(**build(frame, **arguments, notes=(*panel.notes, note)))
    return replace(few, dropped=panel.dropped, labels=labelled(panel.labels, None, frame))


def _classes(panel: Rectangle, by: Iterable[str], equal: Array) -> Index:
    """Return codes (unit, ...) of classes: cohort, strata, groups, and numbers that are equal.

    ``equal`` (unit, column, T) are weights, standard errors, exposures and trials.
    """
    codes = [panel.cohort_codes, *panel.strata_codes.values()]
    codes += [unit_column(panel, name, "by")[0] for name in by]
    for column in np.nan_to_num(equal).swapaxes(0, 1):
        codes.append(np.unique(column, axis=0, return_inverse=True)[1].ravel())
    return np.column_stack(codes)


def summary_of(parts: Callable[[], Iterable[UnitPart]], kinds: Iterable[str]) -> UnitSummary:
    """Aggregate units with the given columns."""
    bare = [kind in _BARE for kind in kinds]
    return UnitSummary(parts, [kind not in _NET + _BARE for kind in kinds], bare)


def pairs_of(products: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Map the names of products to their pairs of columns."""
    return {product_name(left, right): (left, right) for left, right in products}


def _measured(
    panel: Rectangle, parts: Mapping[str, str], factors: Mapping[str, tuple[str, str]]
) -> Array:
    """Return columns (unit, column, period), outcome first; NaN without an observation."""
    values = np.full((panel.unit_labels.size, len(parts), panel.periods), np.nan)
    for k, (name, part) in enumerate(parts.items()):
        column = np.ones(panel.unit_codes.size)
        for factor in factors.get(name, (name,)):
            column *= numbers(column_of(panel, part, factor), part, rows_of(panel), [])
        values[panel.unit_codes, k, panel.time_codes] = column
    values[panel.unit_codes, 0, panel.time_codes] = panel.outcome
    return values


def sample[P: Rectangle](panel: P, units: int, seed: int) -> P:
    """Draw units in proportion to the sizes of cohorts and combinations of strata."""
    panel.need_units(Message("panel.sample"))
    groups = np.column_stack([panel.cohort_codes, *panel.strata_codes.values()])
    order = np.random.default_rng(seed).permutation(len(groups))
    # Evenly spaced over units sorted by group, in random order within groups.
    order = order[np.lexsort(groups[order].T)]
    places = np.linspace(0, len(order) - 1, min(units, len(order))).round().astype(np.int64)
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order[places]] = True
    note = Message("{:,} of {:,} units drawn at random (seed {})", chosen.sum(), len(order), seed)
    return where(panel, chosen[panel.unit_codes], note)


def frame_of(
    sums: UnitSums,
    keys: Mapping[str, npt.NDArray[Any]],
    columns: list[str],
    times: Any,
    names: tuple[str, str, str],
) -> pd.DataFrame:
    """Build the rows of representative units.

    ``keys`` (class) contain the values common to the units of a class and ``columns`` the
    aggregated columns. ``names`` are the columns of units, of periods, and of the number of units
    that each unit represents.
    """
    few, (unit, time, counts) = representatives(sums), names
    at, period = np.nonzero(sums.seen[few.of_class])
    data: dict[str, Any] = {unit: at + 1, time: pd.Series(times).array[period]}
    data |= {name: column[few.of_class[at]] for name, column in keys.items()}
    data |= {name: few.values[at, k, period] for k, name in enumerate(columns)}
    return pd.DataFrame({**data, counts: few.counts[at]})
