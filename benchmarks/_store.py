"""Rows of long runs, one a panel: in .cache while they run, kept in benchmarks/measured.

Rows add up over runs and machines: who changes what they measure empties the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
        parts = [pd.read_csv(self.kept)] if self.kept.exists() else []
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

    def keep(self) -> pd.DataFrame:
        """Add rows of runs to the file; all rows, sorted."""
        rows = self.rows().sort_values(list(self.keys))
        self.kept.parent.mkdir(exist_ok=True)
        rows.to_csv(self.kept, index=False)
        return rows
