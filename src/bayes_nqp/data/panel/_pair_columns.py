"""Columns that describe both ends of pairs, and the resulting columns of pairs."""

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
    """Add columns of pairs that combine the same attribute of both ends.

    For example, ``region_from`` and ``region_to`` give ``region_from–region_to`` with the level
    ``East–West``, in either order if links are undirected.

    Parameters
    ----------
    ends : ndarray of str (row, 2)
        Labels of nodes, in the order of the two columns.
    dates : ndarray of int (node)
        Adoption date of each sorted label. Columns that contain only these dates, one level for
        each node, or a single level, are excluded.
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
    """Return columns of one end of undirected links that exist in a version for both ends.

    The order of the ends depends only on their names, so such a column does not define a meaningful
    group of pairs.
    """
    names = {*map(str, panel.frame.columns)}
    return {x for pair in permutations(names, 2) if "–".join(pair) in names for x in pair}


def _text(column: pd.Series[Any]) -> Strings:
    """Return levels as text, empty if missing."""
    return column.astype(str).where(column.notna(), _UNKNOWN).to_numpy(dtype=str)


def _of_nodes(texts: dict[str, Strings], node: Index, count: int) -> Iterator[tuple[str, Strings]]:
    """Return the levels of nodes in every column that is constant within nodes."""
    for name, text in texts.items():
        levels = np.full(count, _UNKNOWN, dtype=text.dtype)
        levels[node] = text
        if (levels[node] == text).all():
            yield name, levels


def _puts_together(levels: Strings, dates: Index) -> bool:
    """Return True if nodes of one adoption date have several levels, some of them in common."""
    distinct = np.unique(levels[levels != _UNKNOWN])
    pairs = np.unique(np.stack([dates.astype(str), levels]), axis=1)
    return 1 < distinct.size < levels.size and pairs.shape[1] > np.unique(dates).size
