"""Read files with one row per unit, in parts, and sum over units."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import dataset

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import checksum
from bayes_nqp.numerics.sufficient_statistics import UnitPart, units_of_part

_EXAMPLES: Final = 5
UNIT, ROWS, N = "__unit", "__rows", "__n"


@dataclass(frozen=True, eq=False)
class UnitFiles:
    """Files with the units of a table, one row per unit.

    Parameters
    ----------
    paths : tuple of Path
        Paths of the files.
    unit : str
        Name of the unit column in the table.
    constant : tuple of str
        Unit-constant columns.
    columns : int
        Number of columns of values.
    periods : tuple of int
        Periods with rows.
    """

    paths: tuple[Path, ...]
    unit: str
    constant: tuple[str, ...]
    columns: int
    periods: tuple[int, ...]

    @property
    def n_rows(self) -> int:
        """Return the number of rows of the table used for the units."""
        return sum(
            pa.compute.sum(pq.read_table(x, columns=[ROWS])[ROWS]).as_py() or 0 for x in self.paths
        )

    def remove(self) -> None:
        """Remove the files."""
        for path in self.paths:
            path.unlink(missing_ok=True)

    def check(self) -> None:
        """Reject duplicate rows, infinite values, and unit-constant columns that vary.

        Raises
        ------
        PanelError
            If there are such units; the message gives the keys of five units.
        """
        faults = [
            (
                Message("have several rows in the same period"),
                Message("keep one row per unit and period"),
            )
        ]
        faults += [
            (
                Message("have several values of {!r}", x),
                Message("use one value for all rows of a unit, or leave all empty"),
            )
            for x in self.constant
        ]
        faults.append((Message("have infinite or undefined values"), Message("use finite numbers")))
        for (words, hint), units in zip(faults, self._survey[0], strict=True):
            if units:
                raise PanelError(
                    Message("units {}", words),
                    where=f"{self.unit} = {shown(units, _EXAMPLES)}",
                    hint=hint,
                )

    @property
    def keys(self) -> pd.DataFrame:
        """Return the combinations of unit-constant columns that occur, sorted."""
        return self._survey[1].set_axis(list(self.constant), axis=1)

    @cached_property
    def _survey(self) -> tuple[list[list[Any]], pd.DataFrame]:
        """Return five units with each problem, and the combinations of unit-constant columns."""
        names = [f"least{k}" for k in range(len(self.constant))]
        wrong: list[list[Any]] = [[] for _ in range(len(names) + 2)]
        keys = []
        for batch in self._batches():
            values, rows = self._values(batch), _numbers(batch, ROWS)
            faults = [(~np.isnan(values[:, 0])).sum(axis=1) != rows]
            for k, name in enumerate(names):
                other = pa.compute.not_equal(batch.column(name), batch.column(f"most{k}"))
                present = _numbers(batch, f"there{k}")
                changed = pa.compute.fill_null(other, False).to_numpy(zero_copy_only=False)
                faults.append(changed | (present > 0) & (present < rows))
            faults.append(np.isinf(values).any(axis=(1, 2)))
            for units, fault in zip(wrong, faults, strict=True):
                if fault.any():
                    found_here = batch.column(UNIT).filter(pa.array(fault)).to_pylist()
                    units[:] = sorted({*units, *found_here})[:_EXAMPLES]
            keys.append(batch.select(names).to_pandas().drop_duplicates())
        if not names:
            return wrong, pd.DataFrame(index=range(1))
        distinct = pd.concat(keys).drop_duplicates()
        return wrong, distinct.sort_values(names, ignore_index=True)

    def parts(self) -> Iterator[UnitPart]:
        """Yield units, with the row of `keys` of each unit."""
        names = [f"least{k}" for k in range(len(self.constant))]
        place = self._survey[1].assign(place=np.arange(len(self._survey[1])))
        for batch in self._batches():
            number = np.zeros((batch.num_rows, 1), dtype=np.int64)
            if names:
                part = batch.select(names).to_pandas().merge(place, how="left", on=names)
                number[:, 0] = part["place"]
            yield UnitPart(self._values(batch), number)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for path in self.paths:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(units_of_part(self.columns, len(self.periods)))

    def _values(self, batch: pa.RecordBatch) -> Array:
        values = np.empty((batch.num_rows, self.columns, len(self.periods)))
        for k in range(self.columns):
            for p in range(len(self.periods)):
                values[:, k, p] = _numbers(batch, entry(k, p))
        return values


def whole(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield intact files, with names that end with their digest; remove the others."""
    for path in filter(Path.is_file, paths):
        if path.stem.endswith(f"-{checksum(path)}"):
            yield path
        else:
            path.unlink()


def merge(folder: Path) -> None:
    """Combine the files of a folder written by Spark into one file, in place."""
    data, target = dataset.dataset(folder), folder.with_name(f"{folder.name}.whole")
    with pq.ParquetWriter(target, data.schema) as file:
        for batch in data.to_batches():
            file.write_batch(batch)
    shutil.rmtree(folder)
    target.replace(folder)


def entry(column: int, period: int) -> str:
    """Return the name of a value of a unit."""
    return f"entry{column}_{period}"


def _numbers(batch: pa.RecordBatch, name: str) -> npt.NDArray[Any]:
    return np.asarray(batch.column(name).to_numpy(zero_copy_only=False))
