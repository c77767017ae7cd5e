"""Links in GeoDa's .gal format: a unit, its number of neighbours, then their names."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.spatial_weights._sources import (
    STATED,
    Links,
    lines_of,
    links_file,
    links_of,
    torn,
)


@links_file("gal")
def gal(path: Path) -> Links:
    """Read links of weight one."""
    stated, lines = lines_of(path, blank=True)
    units, pairs, k = list[str](), list[tuple[str, str]](), 0
    while k < len(lines):
        head = lines[k].split()
        if not head:
            k += 1
            continue
        if len(head) != 2 or not head[1].isdecimal():
            raise torn(path, lines[k], Message("a unit and the number of its neighbours"))
        near = lines[k + 1].split() if head[1] != "0" and k + 1 < len(lines) else []
        if len(near) != int(head[1]):
            raise torn(path, lines[k], Message("{} neighbours in the next line", head[1]))
        units.append(head[0])
        pairs += [(head[0], name) for name in near]
        k += 1 if head[1] == "0" else 2
    frame = pd.DataFrame(pairs, columns=["from", "to"])
    frame.attrs[STATED] = stated
    return links_of(frame, units)
