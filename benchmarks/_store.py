"""Rows of long runs, one a panel: in .cache while they run, kept in benchmarks/measured.

Rows add up over runs and machines: who changes what they measure empties the file.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Store:
    """Rows of one program.

    Parameters
    ----------
    name : str
        Of the file.
    keys : tuple of str
        Columns that tell one panel from another.
    """

    name: str
    keys: tuple[str, ...] = ("world", "units", "number")

    @property
    def kept(self) -> Path:
        """The file that lasts."""
        return ROOT / "benchmarks" / "measured" / f"{self.name}.csv"

    @property
    def folder(self) -> Path:
        """Of what runs measure."""
        return ROOT / ".cache" / self.name

    def rows(self) -> pd.DataFrame:
        """What is known, a row a panel."""
        names = {"world": str}
        parts = [pd.read_csv(self.kept, dtype=names)] if self.kept.exists() else []
        for path in sorted(self.folder.glob("*.jsonl")):
            lines = path.read_text(encoding="utf-8").splitlines()
            parts.append(pd.DataFrame([json.loads(x) for x in lines]))
        if not parts:
            return pd.DataFrame(columns=list(self.keys))
        return pd.concat(parts).drop_duplicates(list(self.keys)).reset_index(drop=True)

    def ready(self) -> set[tuple[Any, ...]]:
        """Keys of what is known."""
        return set(self.rows()[list(self.keys)].itertuples(index=False, name=None))

    def add(self, row: Mapping[str, Any], part: str = "1of1") -> None:
        """Write down a panel at once: a run may be stopped at any time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{part}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def fill(
        self,
        cases: Sequence[tuple[Any, ...]],
        numbers: Iterable[int],
        measured: Callable[..., Mapping[str, Any]],
    ) -> pd.DataFrame:
        """Measure what is missing, number after number through all cases; all rows of these."""
        ready, asked = self.ready(), [(*case, k) for k in numbers for case in cases]
        for key in asked:
            if key not in ready:
                self.add(dict(zip(self.keys, key, strict=True)) | dict(measured(*key)))
        rows = self.rows().set_index(list(self.keys))
        return rows.reindex(pd.MultiIndex.from_tuples(asked, names=self.keys)).reset_index()

    def keep(self) -> pd.DataFrame:
        """Add rows of runs to the file; all rows, sorted."""
        rows = self.rows().sort_values(list(self.keys))
        self.kept.parent.mkdir(exist_ok=True)
        rows.to_csv(self.kept, index=False)
        return rows


@dataclass(frozen=True)
class Program:
    """Panels of every world and size, and the table that they make of a page.

    Parameters
    ----------
    store : Store
        Of their rows, by world, units and number.
    page : Path
        Of the docs.
    worlds, sizes : iterable
        Names, and numbers of units.
    measured : callable
        A row of a world, of so many units, of a number.
    table : callable
        What stands between the page's two marks.
    """

    store: Store
    page: Path
    worlds: Iterable[str]
    sizes: Iterable[int]
    measured: Callable[[str, int, int], dict[str, Any]]
    table: Callable[[], str]

    def run(self, about: str | None) -> None:
        """Read the command line; measure what is not there yet, and write the page if asked."""
        parser = argparse.ArgumentParser(description=about)
        parser.add_argument("--panels", type=int, default=0)
        parser.add_argument("--collect", action="store_true")
        options = parser.parse_args()
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        ready = self.store.ready()
        for number in range(options.panels):
            for world in self.worlds:
                for units in self.sizes:
                    if (world, units, number) not in ready:
                        self.store.add(self.measured(world, units, number))
        print(self.table())
        if options.collect:
            self.store.keep()
            mark = f"<!-- python -m benchmarks.{self.store.name} -->\n"
            before, _, after = self.page.read_text(encoding="utf-8").split(mark)
            text = f"{before}{mark}{self.table()}\n{mark}{after}"
            self.page.write_text(text, encoding="utf-8")
