"""Read tables of an engine once into files with one row per unit, with little memory.

One query reads the rows. For each unit it writes the values by period, the number of rows, and
tests if unit-constant columns are constant: minimum, maximum and count, which are the same in all
engines. All floating-point sums are computed in this module, in parts of these files.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from functools import cached_property, partial, reduce
from pathlib import Path
from typing import Any, Final, NoReturn

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, brief, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import checksum, draft
from bayes_nqp._core.safe_calls import reply
from bayes_nqp.data.backends._address import imported
from bayes_nqp.data.backends._unit_files import ROWS, UNIT, N, UnitFiles, entry, merge, whole

_PERIODS: Final = 62
"""Maximum number of periods of a table."""


def _no_table(rows: object, error: Exception) -> NoReturn:
    raise PanelError(
        Message("rows={} is not a table", brief(rows)),
        hint='give a path such as "firms/*.parquet", a DuckDB relation, or a polars lazy frame',
    ) from error


class SourceTable:
    """Table in an engine, with the roles of its columns.

    Parameters
    ----------
    rows : lazy frame, relation or data frame
        Object that narwhals accepts.
    constant : mapping of str to bool
        Unit-constant columns, such as cohort and strata; True if values are required.
    values : mapping of str to bool
        Outcome and other numeric columns; True if a row requires a value.
    products : mapping of str to (str, str)
        Pairs of numeric columns; their product is an additional column of `values`.
    """

    def __init__(
        self,
        rows: Any,
        unit: str,
        time: str,
        constant: Mapping[str, bool],
        values: Mapping[str, bool],
        products: Mapping[str, tuple[str, str]],
    ) -> None:
        self.nw = imported("narwhals")
        self.unit, self.time = unit, time
        self.constant, self.values = tuple(constant), tuple(values)
        frame = reply(lambda: self.nw.from_native(rows).lazy(), partial(_no_table, rows))
        engine = frame.implementation.value
        self.engine = f"{engine} {imported(engine).__version__}"
        columns = frame.collect_schema()
        factors = [x for pair in products.values() for x in pair]
        read = dict.fromkeys(x for x in (*values, *factors) if x not in products)
        for name in (unit, time, *constant, *read):
            if name not in columns.names():
                raise PanelError(
                    Message("{!r} is not a column of the table", name),
                    hint=nearest(name, columns.names()),
                )
        for name in read:
            if not columns[name].is_numeric():
                raise PanelError(
                    Message(
                        "the column {!r} must be numeric, but has the type {}",
                        name,
                        str(columns[name]),
                    ),
                    hint="cast it in the engine of the table",
                )
        frame = frame.with_columns(
            self.nw.when(~self.nw.col(x).is_nan()).then(self.nw.col(x)).alias(x)
            for x in dict.fromkeys((unit, time, *constant, *read))
            if columns[x].is_float()
        )  # values that are not numbers are missing, as in pandas
        number = {x: self.nw.col(x).cast(self.nw.Float64) for x in factors}
        for name, (a, b) in products.items():
            frame = frame.with_columns((number[a] * number[b]).alias(name))
        needed = [x for part in (constant, values) for x, always in part.items() if always]
        complete = ~self.nw.any_horizontal(
            *(self.nw.col(x).is_null() for x in (unit, time, *needed)), ignore_nulls=False
        )
        self.every = frame.select(*dict.fromkeys((unit, time, *constant, *values)))
        self.frame = self.every.filter(complete)

    @cached_property
    def counts(self) -> dict[int, int]:
        """Return the number of rows in each period.

        Raises
        ------
        PanelError
            If there are no rows, or if periods are not integers or too many.
        """
        nw, name = self.nw, self.time
        table = self.frame.group_by(name).agg(nw.len().alias(N)).collect()
        times, counts = table[name].to_list(), table[N].to_list()
        if not times:
            raise PanelError(
                "the table has no rows with all values", hint="check the filters of the table"
            )
        if any(int(x) != x if isinstance(x, int | float) else True for x in times):
            raise PanelError(
                Message("time={!r} must be integers, but has the type {}", name, shown(times)),
                hint="use years, 4 · year + quarter, or 12 · year + month, computed in the "
                "engine of the table",
            )
        if len(times) > _PERIODS:
            raise PanelError(
                Message(
                    "the table has {} periods, and at most {} are supported", len(times), _PERIODS
                ),
                hint="use longer periods, or Panel.from_frame",
            )
        return {int(t): int(n) for t, n in sorted(zip(times, counts, strict=True))}

    @property
    def left_out(self) -> int:
        """Return the number of rows without a required value."""
        every = self.every.select(self.nw.len().alias(N)).collect().item()
        return int(every) - sum(self.counts.values())

    @cached_property
    def fingerprint(self) -> str:
        """Return the digest of all rows and columns that are read, independent of row order.

        The engine hashes its rows in one pass. The digest is empty for engines without a hash
        function.
        """
        name, rows = self.every.implementation.value, self.every.to_native()
        hashed = reply(lambda: _HASHES[name](rows), lambda _: None)
        return "" if hashed is None else f"{self.engine} {hashed}"

    def laid_out(self, folder: Path, shards: int = 1, *, stored: bool = False) -> UnitFiles:
        """Write one row per unit: values by period, number of rows, and unit-constant columns.

        Parameters
        ----------
        folder : Path
            Folder of the files.
        shards : int, default 1
            Number of queries; units are assigned by the remainder of their numbers.
        stored : bool, default False
            True to reuse files of the same rows and query in the folder. A file with changed bytes
            is removed and written again.

        Raises
        ------
        PanelError
            If units are not integers and there are several shards, or if rows change during
            reading.
        """
        kind = self.every.collect_schema()[self.unit]
        if shards > 1 and not kind.is_integer():
            raise PanelError(
                Message("shards={} requires integers in {!r}, not {}", shards, self.unit, kind),
                hint="number the units in the engine of the table, or use one shard",
            )
        fingerprint = (self.fingerprint if stored else "") or secrets.token_hex()
        text = repr((self.unit, self.time, self.constant, self.values, self.counts, fingerprint))
        seal = hashlib.sha256(text.encode("utf-8")).hexdigest()[:20]
        shard = (self.nw.col(self.unit) % shards + shards) % shards
        paths = []
        for k in range(shards):
            stem = f"units-{seal}-{k + 1}-of-{shards}"
            path = next(whole(folder.glob(f"{stem}-*.parquet")), None)
            if path is None:
                with draft(folder / stem) as part:
                    self._lay_out(self.frame.filter(shard == k) if shards > 1 else self.frame, part)
                    path = folder / f"{stem}-{checksum(part)}.parquet"
                    part.replace(path)
            paths.append(path)
        files = UnitFiles(
            tuple(paths), self.unit, self.constant, len(self.values), tuple(self.counts)
        )
        if files.n_rows != sum(self.counts.values()):
            files.remove()
            raise PanelError(
                Message("the rows of the table changed while it was read"),
                hint=Message("run the same call again"),
            )
        return files

    def _lay_out(self, rows: Any, path: Path) -> None:
        nw, col = self.nw, self.nw.col
        wide = {
            entry(k, p): nw.when(col(self.time) == t).then(col(name).cast(nw.Float64))
            for k, name in enumerate(self.values)
            for p, t in enumerate(self.counts)
        }
        once = [
            x
            for k, name in enumerate(self.constant)
            for x in (
                col(name).min().alias(f"least{k}"), col(name).max().alias(f"most{k}"),
                col(name).count().alias(f"there{k}"),
            )
        ]  # fmt: skip
        values = (col(name).max() for name in wide)
        grouped = rows.with_columns(**wide).group_by(self.unit)
        laid = grouped.agg(*values, *once, nw.len().alias(ROWS)).rename({self.unit: UNIT})
        laid.sink_parquet(str(path))
        if path.is_dir():
            merge(path)


def _of_ibis(rows: Any) -> int:
    cells = [rows[name].cast("string").fill_null("\0") for name in rows.columns]
    text = reduce(lambda a, b: a + "\1" + b, cells)
    return int(text.hash().cast("decimal(38, 0)").sum().execute())


def _of_polars(rows: Any) -> int:
    every = imported("polars").all()
    hashed = rows.select(imported("polars").struct(every).hash(seed=0).sum())
    return int(hashed.collect(engine="streaming").item())


def _of_spark(rows: Any) -> int:
    functions = imported("pyspark.sql.functions")
    hashed = functions.xxhash64(*map(functions.col, rows.columns)).cast("decimal(38, 0)")
    return int(rows.agg(functions.sum(hashed)).collect()[0][0])


def _of_duckdb(rows: Any) -> int:
    names = ", ".join(f'"{name.replace(chr(34), 2 * chr(34))}"' for name in rows.columns)
    return int(rows.aggregate(f"sum(hash({names}))").fetchall()[0][0])


def _of_pandas(rows: pd.DataFrame) -> int:
    return int(pd.util.hash_pandas_object(rows, index=False).sum())


_HASHES: Final[dict[str, Callable[[Any], int]]] = {
    "duckdb": _of_duckdb, "ibis": _of_ibis, "pandas": _of_pandas, "polars": _of_polars,
    "pyarrow": lambda rows: _of_pandas(rows.to_pandas()), "pyspark": _of_spark,
}  # fmt: skip
"""Sum of the hashes of all rows, by engine."""
