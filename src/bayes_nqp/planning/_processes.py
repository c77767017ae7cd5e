"""Which processes on the time grid the groups of units have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bayes_nqp.gaussian import Block, Group
from bayes_nqp.moments import Rows
from bayes_nqp.terms import ProcessPart

__all__ = ["with_processes"]


def with_processes(
    parts: Sequence[ProcessPart], rows: Rows, blocks: Sequence[Block], groups: Sequence[Group]
) -> tuple[list[Block], list[Group]]:
    """Give groups their processes, and blocks the list of those that their groups have.

    Parameters
    ----------
    parts : sequence of ProcessPart
        In the order of the laws of processes. Units of one group share them.
    """
    numbers, first = np.unique(rows.group, return_index=True)
    units = first[numbers >= 0]
    places: list[dict[tuple[int, int], int]] = [{} for _ in blocks]
    with_paths = []
    for group, unit in zip(groups, units, strict=True):
        within = places[group.block]
        paths = [
            within.setdefault((law, int(part.owner[unit])), len(within))
            for law, part in enumerate(parts)
            if part.owner[unit] >= 0
        ]
        with_paths.append(replace(group, processes=tuple(paths)))
    laws = [tuple(law for law, _ in place) for place in places]
    return [replace(b, processes=x) for b, x in zip(blocks, laws, strict=True)], with_paths
