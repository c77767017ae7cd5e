"""Columns that say the same of both ends of pairs, and what they say of a pair."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import permutations, product
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Index
from bayes_nqp.data.panel._panel_arrays import Rectangle
from bayes_nqp.data.reading import Strings

_UNKNOWN = ""


def of_both_ends(
    df: pd.DataFrame, ends: Strings, dates: Index, roles: Collection[str], *, directed: bool
) -> pd.DataFrame:
    """Add what two columns, each of one end and both of one thing, say of pairs.

    The regions of nodes, ``region_from`` and ``region_to``, make ``region_from–region_to``, of
    which ``East–West`` is a level, either way round where links have no direction.

    Parameters
    ----------
    ends : ndarray of str (row, 2)
        Labels of nodes, the first in the place of the columns' first.
    dates : ndarray of int (node)
        When each of the sorted labels adopts. What says no more than that is no such column; nor
        is one with a level a node, or with a single level.
    roles : collection of str
        Columns that have a role.
    """
    nodes, at = np.unique(ends, return_inverse=True)
    at = at.reshape(ends.shape)
    names = [x for x in map(str, df.columns) if x not in roles and df[x].dtype.kind != "f"]
    texts = {name: _text(df[name]) for name in names}
    first, second = (dict(_of_nodes(texts, at[:, k], nodes.size)) for k in (0, 1))
    link = "→" if directed else "–"
    for (name, levels), (partner, others) in product(first.items(), second.items()):
        mask = (levels != _UNKNOWN) & (others != _UNKNOWN)
        same = name != partner and mask.any() and (levels == others)[mask].all()
        joint = np.where(levels == _UNKNOWN, others, levels)
        if same and _puts_together(joint, dates):
            rows = joint[at] if directed else np.sort(joint[at], axis=1)
            pairs = np.char.add(np.char.add(rows[:, 0], link), rows[:, 1]).astype(object)
            pairs[(rows == _UNKNOWN).any(axis=1)] = None
            df = df.assign(**{f"{name}{link}{partner}": pairs})
    return df


def of_one_end(panel: Rectangle) -> set[str]:
    """Columns of one end of links without a direction, of which another column has both ends.

    Which end stands first is a matter of names: all pairs that such a column puts together share
    no more than others of its level do.
    """
    names = {*map(str, panel.frame.columns)}
    return {x for pair in permutations(names, 2) if "–".join(pair) in names for x in pair}


def _text(column: pd.Series[Any]) -> Strings:
    """Levels as text, empty where there is none."""
    return column.astype(str).where(column.notna(), _UNKNOWN).to_numpy(dtype=str)


def _of_nodes(texts: dict[str, Strings], node: Index, count: int) -> Iterator[tuple[str, Strings]]:
    """Levels of nodes, by every column in which all rows of one say the same."""
    for name, text in texts.items():
        levels = np.full(count, _UNKNOWN, dtype=text.dtype)
        levels[node] = text
        if (levels[node] == text).all():
            yield name, levels


def _puts_together(levels: Strings, dates: Index) -> bool:
    """Whether nodes that adopt together have several levels, and some of them share one."""
    distinct = np.unique(levels[levels != _UNKNOWN])
    pairs = np.unique(np.stack([dates.astype(str), levels]), axis=1)
    return 1 < distinct.size < levels.size and pairs.shape[1] > np.unique(dates).size
