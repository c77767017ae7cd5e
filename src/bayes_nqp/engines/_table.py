"""Panels of tables that an engine keeps: read once, summed up there, never loaded.

One query goes through the rows: of every unit its values by period, how many rows it has, and
whether what a unit has once is the same in all of them. From these another sums up, class by class,
entries ``x_it - x-bar_i`` and their products; the classes are counted before anything is
multiplied. What comes here is a few megabytes, of which `stand_ins` makes units.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from itertools import combinations_with_replacement
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp.engines._address import imported
from bayes_nqp.errors import PanelError, StudyError, nearest, shown
from bayes_nqp.language import Message
from bayes_nqp.moments import UnitSums, entries_of

_PERIODS: Final = 62
"""Periods of which the observed ones are one whole number."""
_CLASSES: Final = 50_000
_EXAMPLES: Final = 5
_UNIT, _ROWS, _SEEN, _PATTERN, _N = "__unit", "__rows", "__seen", "__pattern", "__n"


class SourceTable:
    """A table in an engine, and what its columns are for.

    Parameters
    ----------
    rows : lazy frame, relation or data frame
        As narwhals takes it.
    constant : sequence of str
        Columns that a unit has once: its cohort, strata and others.
    values : sequence of str
        Outcome and covariates.
    """

    def __init__(
        self, rows: Any, unit: str, time: str, constant: Sequence[str], values: Sequence[str]
    ) -> None:
        self.nw = imported("narwhals")
        self.unit, self.time = unit, time
        self.constant, self.values = tuple(constant), tuple(values)
        frame = self.nw.from_native(rows).lazy()
        name = frame.implementation.value
        self.engine = f"{name} {version(name)}"
        known = frame.collect_schema()
        for name in (unit, time, *constant, *values):
            if name not in known.names():
                raise PanelError(
                    Message("{!r} is not a column of the table", name),
                    hint=nearest(name, known.names()),
                )
        for name in values:
            if not known[name].is_numeric():
                raise PanelError(
                    Message("the column {!r} holds no numbers, but {}", name, str(known[name])),
                    hint="cast it in the table's own engine",
                )
        col = self.nw.col
        whole = ~self.nw.any_horizontal(
            *(col(name).is_null() for name in (unit, time, *values)), ignore_nulls=False
        )
        self.every = frame.select(unit, time, *constant, *values)
        self.frame = self.every.filter(whole)

    def count(self) -> tuple[int, int]:
        """Rows, and those with all values."""
        length = self.nw.len().alias(_N)
        every, whole = (x.select(length).collect().item() for x in (self.every, self.frame))
        return int(every), int(whole)

    def periods(self) -> list[int]:
        """Periods in which there are rows."""
        name = self.time
        found = self.frame.select(name).unique().collect()[name].to_list()
        if not found:
            raise PanelError("the table has no rows with all values", hint="its filters")
        if any(int(x) != x if isinstance(x, int | float) else True for x in found):
            raise PanelError(
                Message("time={!r} holds {}, and no whole numbers", name, shown(found)),
                hint="years, or 12 · year + month, made in the table's own engine",
            )
        if len(found) > _PERIODS:
            raise PanelError(
                Message("{} periods: tables have at most {}", len(found), _PERIODS),
                hint="longer periods, or Panel.from_frame",
            )
        return sorted(map(int, found))

    def units(self, periods: Sequence[int]) -> Any:
        """One row a unit: values by period, rows, periods, and what is constant."""
        nw, col = self.nw, self.nw.col
        wide = {
            entry(k, p): nw.when(col(self.time) == t).then(col(name).cast(nw.Float64))
            for k, name in enumerate(self.values)
            for p, t in enumerate(periods)
        }
        constant = [
            x
            for k, name in enumerate(self.constant)
            for x in (
                col(name).min().alias(f"least{k}"), col(name).max().alias(f"most{k}"),
                col(name).count().alias(f"there{k}"),
            )
        ]  # fmt: skip
        pivoted = self.frame.with_columns(**wide).group_by(self.unit).agg(
            *(col(name).max() for name in wide), *constant, nw.len().alias(_ROWS)
        )  # fmt: skip
        seen = [(~col(entry(0, p)).is_null()).cast(nw.Int64) for p in range(len(periods))]
        pattern = [x * 2**p for p, x in enumerate(seen)]
        return pivoted.with_columns(
            nw.sum_horizontal(*seen).alias(_SEEN), nw.sum_horizontal(*pattern).alias(_PATTERN)
        )

    def check(self, units: Any) -> None:
        """Refuse rows given twice, values that are no numbers, and what changes within a unit.

        Raises
        ------
        PanelError
            With the keys of five units.
        """
        nw, col = self.nw, self.nw.col
        faults = [(col(_ROWS) != col(_SEEN), Message("have several rows in a period"),
                   Message("one row a unit and period"))]  # fmt: skip
        for k, name in enumerate(self.constant):
            other = (col(f"least{k}") != col(f"most{k}")).fill_null(value=False)
            some = (col(f"there{k}") > 0) & (col(f"there{k}") < col(_ROWS))
            faults.append((other | some, Message("have several values of {!r}", name),
                           Message("one value a unit, or none")))  # fmt: skip
        endless = nw.any_horizontal(
            *(~col(x).is_finite() for x in units.collect_schema().names() if x.startswith("entry")),
            ignore_nulls=True,
        )
        faults.append((endless, Message("have values that are not finite"), Message("numbers")))
        for fault, words, hint in faults:
            wrong = units.filter(fault).select(self.unit).sort(self.unit).head(_EXAMPLES).collect()
            if len(wrong):
                keys = wrong[self.unit].to_list()
                raise PanelError(
                    Message("units {}", words), where=f"{self.unit} = {shown(keys, _EXAMPLES)}",
                    hint=hint,
                )  # fmt: skip

    def sums(self, units: Any, periods: Sequence[int]) -> tuple[UnitSums, pd.DataFrame]:
        """Sums by class, and the keys of the classes.

        Raises
        ------
        StudyError
            If there are too many classes.
        """
        nw, col = self.nw, self.nw.col
        keys = [f"least{k}" for k in range(len(self.constant))] + [_PATTERN]
        classes, total = (
            int(x.select(nw.len()).collect().item()) for x in (units.select(*keys).unique(), units)
        )
        if classes > _CLASSES or (classes > 1000 and classes > total / 4):
            raise StudyError(
                Message("{:,} units are of {:,} classes: too many to sum up", total, classes),
                hint=Message(
                    "fewer strata and columns in by=, or a panel without gaps; panel.sample of "
                    "single units otherwise"
                ),
            )
        names = [entry(k, p) for k in range(len(self.values)) for p in range(len(periods))]
        centred = units.with_columns(
            *(
                (nw.sum_horizontal(*(x for x in names if x.startswith(f"entry{k}_"))) / col(_SEEN))
                .alias(f"level{k}")
                for k in range(len(self.values))
            )
        ).with_columns(
            *((col(x) - col(f"level{x[5 : x.index('_')]}")).fill_null(0.0).alias(x) for x in names)
        )  # fmt: skip
        pairs = list(combinations_with_replacement(range(len(names)), 2))
        products = {f"product{i}_{j}": col(names[i]) * col(names[j]) for i, j in pairs}
        levels = [f"level{k}" for k in range(len(self.values))]
        table = (
            centred.with_columns(**products)
            .group_by(*keys)
            .agg(
                nw.len().alias(_N), *(col(x).sum() for x in (*names, *levels, *products)),
            )
            .sort(*keys)
            .collect()
            .to_pandas()
        )  # fmt: skip
        n = table[_N].to_numpy(dtype=np.float64)
        mean = table[names].to_numpy(dtype=np.float64) / n[:, None]
        covariance = np.empty((n.size, len(names), len(names)))
        for (i, j), name in zip(pairs, products, strict=True):
            inner = table[name].to_numpy(dtype=np.float64) / n - mean[:, i] * mean[:, j]
            covariance[:, i, j] = covariance[:, j, i] = inner
        level = table[levels].to_numpy(dtype=np.float64) / n[:, None]
        column, period = entries_of(len(levels), len(periods), [False] * len(levels))
        bits = table[_PATTERN].to_numpy(dtype=np.int64)[:, None] >> np.arange(len(periods)) & 1
        seen = bits.astype(bool)
        absent = np.zeros((n.size, len(levels), len(periods)), dtype=bool)
        named = dict(zip(keys, (*self.constant, _PATTERN), strict=True))
        sums = UnitSums(column, period, seen, absent, n, level, mean, covariance)
        return sums, table[keys].rename(columns=named)


def entry(column: int, period: int) -> str:
    """Call a value of a unit."""
    return f"entry{column}_{period}"
