"""Links in tables: text, workbooks, parquet, Stata."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayes_nqp.data.reading import read
from bayes_nqp.data.spatial_weights._sources import links_file


@links_file("")
def table(path: Path) -> pd.DataFrame:
    """Read a square table, with names in the first column, or a list of links."""
    return read(path)[0].reset_index(drop=True)
