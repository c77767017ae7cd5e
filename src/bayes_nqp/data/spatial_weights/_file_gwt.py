"""Links in GeoDa's .gwt format: one line for each link, with from, to and a number."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.spatial_weights._sources import STATED, lines_of, links_file, torn


@links_file("gwt")
def gwt(path: Path) -> pd.DataFrame:
    """Read weights unchanged."""
    stated, lines = lines_of(path)
    rows = []
    for line in lines:
        parts = line.split()
        if len(parts) != 3:
            raise torn(path, line, Message("from, to and a weight"))
        rows.append(parts)
    frame = pd.DataFrame(rows, columns=["from", "to", "weight"])
    frame.attrs[STATED] = stated
    return frame
