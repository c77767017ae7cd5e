"""Links in GeoDa's .gwt: a line a link, from, to and a number."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayes_nqp.language import Message
from bayes_nqp.spatial_weights._sources import Links, lines_of, links_file, links_of, torn


@links_file("gwt")
def gwt(path: Path) -> Links:
    """Read weights as they stand."""
    rows = []
    for line in lines_of(path)[1:]:
        parts = line.split()
        if len(parts) != 3:
            raise torn(path, line, Message("from, to and a weight"))
        rows.append(parts)
    return links_of(pd.DataFrame(rows, columns=["from", "to", "weight"]))
