"""Panels from tables in a database engine, aggregated without loading them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import writing
from bayes_nqp._core.threads import one_thread
from bayes_nqp.data.backends import SourceTable, opened
from bayes_nqp.data.panel._aggregated import frame_of, pairs_of, summary_of
from bayes_nqp.data.panel._build import free_name
from bayes_nqp.data.panel._roles import as_names
from bayes_nqp.numerics.sufficient_statistics import UnitSummary, UnitSums

_CLASSES: Final = 50_000
_FEW: Final = 1000
"""Number of classes that is always accepted."""
_NEEDED: Final = ("outcome", "covariates")
"""Roles of columns in which missing values exclude a row."""


def frame_of_table(
    rows: Any, *, unit: str, time: str, cohort: str | None, strata: str | Iterable[str],
    columns: dict[str, str | Iterable[str]], by: str | Iterable[str],
    products: Iterable[tuple[str, str]], memory: str | None, shards: int, store: Path | None,
) -> tuple[pd.DataFrame, str, list[Message]]:  # fmt: skip
    """Return rows of representative units, the column of their counts, and notes."""
    strata, by = as_names("strata", strata), as_names("by", by)
    parts: dict[str, str] = {}
    for part, names in columns.items():
        for name in as_names(part, names):
            parts.setdefault(name, part)
    factors = pairs_of(products)
    parts |= dict.fromkeys(factors, "products")
    once = {x: x in strata for x in (cohort, *strata, *by) if x is not None}
    values = {x: part in _NEEDED for x, part in parts.items()}
    with TemporaryDirectory(prefix="bayes_nqp-") as folder, one_thread():
        # Memory of the engine is released before sums are computed.
        with opened(rows, memory) as (native, host):
            table = SourceTable(native, unit, time, once, values, factors)
            if store is not None:
                with writing(store, "store"):
                    store.mkdir(parents=True, exist_ok=True)
            units = table.laid_out(store or Path(folder), shards, stored=store is not None)
            left_out = table.left_out
            unknown = store is not None and not table.fingerprint
        units.check()
        summary = summary_of(units.parts, parts.values())
        _check_classes(summary)
        sums, keys = summary.sums()
        units.remove()
    counts = free_name("counts", {unit, time, *once, *values})
    of_classes = {x: units.keys[x].to_numpy()[keys[:, 0]] for x in once}
    periods = np.asarray(units.periods)
    frame = frame_of(sums, of_classes, list(parts), periods, (unit, time, counts))
    return frame, counts, _notes(table, host, sums, left_out, unknown)


def _notes(
    table: SourceTable, host: str, sums: UnitSums, left_out: int, unknown: bool
) -> list[Message]:
    """Describe the aggregated rows, the rows outside all classes, and unused shards."""
    notes = [
        Message(
            "{:,} observations of {:,} units were aggregated in their engine ({}) into "
            "{:,} classes",
            sum(table.counts.values()), int(sums.n.sum()),
            " ".join(filter(None, (table.engine, host))), sums.n.size,
        )
    ]  # fmt: skip
    if left_out:
        notes.append(Message("{:,} rows without a unit, time or value dropped", left_out))
    if unknown:
        notes.append(
            Message(
                "{} cannot compute hashes of rows, so the shards of an earlier call in "
                "'store' were not used",
                table.engine,
            )
        )
    return notes


def _check_classes(summary: UnitSummary) -> None:
    """Refuse too many classes before products are computed."""
    classes, units = summary.n_classes, summary.n_units
    if classes > _CLASSES or (classes > _FEW and classes > units / 4):
        raise StudyError(
            Message("{:,} units form {:,} classes: too many to aggregate", units, classes),
            hint=Message(
                "use fewer strata and columns in by=, or a panel without gaps; otherwise "
                "draw single units with panel.sample"
            ),
        )
