"""Where processes on the time grid come off: normal equations of a group, or of a block (5a)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_nqp.arrays import Index

__all__ = ["Placement", "placed"]


@dataclass(frozen=True, eq=False)
class Placement:
    """Where processes come off: the normal equations of a single group, or those of a block.

    Parameters
    ----------
    by_group : ndarray of int (group)
        Law of the process that comes off the group's own, -1 for none.
    shared : sequence of tuple of int, one a block
        Laws of the processes that come off the block's.
    of_group : sequence of tuple of int, one a group
        Which of the latter the group's rows have a part of.
    apart : bool
        Whether no group, and no member of several groups, has two of the latter.
    """

    by_group: Index
    shared: Sequence[tuple[int, ...]]
    of_group: Sequence[tuple[int, ...]]
    apart: bool

    @property
    def most(self) -> int:
        """Largest number of processes that come off one block."""
        return max(map(len, self.shared), default=0)


def placed(
    laws: Sequence[tuple[int, ...]],
    groups: Sequence[tuple[int, tuple[int, ...]]],
    members: Sequence[Index],
    *,
    alone: bool,
) -> Placement:
    """Place processes.

    Parameters
    ----------
    laws : sequence of tuple of int, one a block
        The law of each of its processes.
    groups : sequence of (int, tuple of int)
        Block of each group, and which of its processes it has.
    members : sequence of ndarray of int
        Groups of each member.
    alone : bool
        Whether a process that one group alone has may come off that group's own.
    """
    users: list[list[list[int]]] = [[[] for _ in block] for block in laws]  # block, process, group
    for g, (block, processes) in enumerate(groups):
        for k in processes:
            users[block][k].append(g)
    by_group = np.full(len(groups), -1, dtype=np.int64)
    shared: list[tuple[int, ...]] = []
    place: list[dict[int, int]] = []
    for of_block, users_of_block in zip(laws, users, strict=True):
        common = []
        for k, group in enumerate(users_of_block):
            # A process of one group meets that group's F_g alone: it comes off before X_g'F_g X_g.
            if len(group) == 1 and by_group[group[0]] < 0 and alone:
                by_group[group[0]] = of_block[k]
            elif group:
                common.append(k)
        shared.append(tuple(of_block[k] for k in common))
        place.append({k: j for j, k in enumerate(common)})
    of_group = [
        tuple(place[block][k] for k in processes if k in place[block])
        for block, processes in groups
    ]
    # D'HD is block diagonal, a block a process, where neither a group's rows nor a member's
    # deviation, which is out of H by then, joins two processes.
    joint = [np.array([g]) for g in range(len(groups))] + list(members)
    apart = all(len({k for g in index for k in of_group[g]}) < 2 for index in joint)
    return Placement(by_group, shared, of_group, apart)
