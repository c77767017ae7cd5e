"""Links from tables, arrays, libpysal graphs and files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from bayes_nqp._core.exceptions import StudyError, brief, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import no_file
from bayes_nqp._core.limits import afford
from bayes_nqp._core.plugins import Plugins
from bayes_nqp.data.reading import WORDS, encode
from bayes_nqp.data.spatial_weights._csr import check_indices

_ENDS: Final[list[list[str]]] = [WORDS["links"][end] for end in ("from", "to", "weight")]
"""Column names of a list of links."""
STATED: Final = "units"
"""Attr of a list of links with the declared number of units of its file."""
_COPIES: Final = 20
"""Memory for reading a text file of links, as a multiple of the file size."""
_SHOWN: Final = 60
"""Number of characters of a line shown in messages."""
_PLACE: Final = Message("position {}")
_LINK: Final = Message("link {}")
_NAMED = "one row and one column for each unit: frame.set_index('city') if names are in a column"


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """A square matrix, and the labels of its units if known.

    Parameters
    ----------
    matrix : sparse array (unit, unit)
        Weights; units of rows receive spillovers from units of columns.
    ids : tuple of str or None
        Labels of rows and columns.
    """

    matrix: Any
    ids: tuple[str, ...] | None


type Read = Callable[[Path], object]
"""From a file to links, or to a table of them."""
LINK_FILES: Final = Plugins[Read]("bayes_nqp.data.spatial_weights", "_file_")
"""Readers of links by file suffix; all other suffixes are read as tables."""


def links_file(*suffixes: str) -> Callable[[Read], Read]:
    """Register a function as the reader of files with some suffixes."""

    def decorate(function: Read) -> Read:
        for suffix in suffixes:
            LINK_FILES.add(suffix, function)
        return function

    return decorate


def links_of(source: object, ids: Sequence[object] | None = None) -> Links:
    """Read a matrix of links and its labels.

    Parameters
    ----------
    source : DataFrame, array, sparse array, libpysal W or Graph, str or Path
        See `matrix`.
    ids : sequence, optional
        Labels of rows and columns, in order; for a list of links, all units.

    Raises
    ------
    StudyError
        If the source contains no links, or its units differ from `ids`.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        suffix = path.suffix.lower().removeprefix(".")
        reader = LINK_FILES[suffix if suffix in LINK_FILES else ""]
        return links_of(reader(path), ids)
    wanted = None if ids is None else labels_of(pd.Index(list(ids)))
    if isinstance(source, pd.DataFrame):
        links = _of_table(source, wanted)
        _check_stated(source, links)
    elif isinstance(source, Links):
        links = source
    elif hasattr(source, "adjacency"):
        links = _of_list(source.adjacency.rename("weight").reset_index(), wanted, loops=True)
    elif hasattr(source, "id_order") and hasattr(source, "sparse"):
        links = Links(source.sparse, labels_of(pd.Index(list(source.id_order))))
    else:
        links = Links(source, None)
    check_indices(links.matrix)
    if links.ids is None:
        if wanted is None:
            problem = Message("{} does not contain the names of its units", brief(source))
            raise StudyError(problem, hint="ids=panel.unit_labels, in the order of its rows")
        shape = getattr(links.matrix, "shape", np.shape(links.matrix))
        if shape != (len(wanted),) * 2:
            problem = Message("{} labels were given for a matrix of shape {}", len(wanted), shape)
            raise StudyError(problem, hint="ids: one label for each row, in order")
        return Links(links.matrix, wanted)
    return links if wanted is None else _ordered(links, wanted)


def _check_stated(frame: pd.DataFrame, links: Links) -> None:
    """Refuse a list of links if its file declares another number of units."""
    stated = frame.attrs.get(STATED)
    if stated is not None and links.ids is not None and stated != len(links.ids):
        raise StudyError(
            Message("the file declares {:,} units, but {:,} are linked", stated, len(links.ids)),
            hint=Message(
                "pass ids=panel.unit_labels if the other units have no links; otherwise "
                "the file is incomplete: export it again"
            ),
        )


def labels_of(names: pd.Index, rows: Message = _PLACE) -> tuple[str, ...]:
    """Write labels as in panels: whole numbers without a decimal point.

    Parameters
    ----------
    rows : Message, optional
        Words for the positions of the names in messages.

    Raises
    ------
    StudyError
        If a name is empty.
    """
    codes, labels = encode(pd.Series(names.to_numpy()))
    if (codes < 0).any():
        raise StudyError(
            Message("{} of {} names of units are empty", int((codes < 0).sum()), codes.size),
            where=rows.fill(shown(1 + np.flatnonzero(codes < 0))),
            hint=Message("give a name in every cell; delete rows and columns without a name"),
        )
    return tuple(str(labels[code]) for code in codes)


def _ordered(links: Links, wanted: tuple[str, ...]) -> Links:
    """Sort links in the order of labels, which must be the same."""
    assert links.ids is not None
    odd = sorted(set(wanted) ^ set(links.ids))
    if odd:
        others = links.ids if odd[0] in wanted else wanted
        problem = Message("'ids' and the matrix refer to different units")
        raise StudyError(problem, where=shown(odd), hint=nearest(odd[0], others))
    place = {name: k for k, name in enumerate(links.ids)}
    order = [place[name] for name in wanted]
    return Links(sparse.csr_array(links.matrix)[order][:, order], wanted)


def _of_table(frame: pd.DataFrame, wanted: tuple[str, ...] | None) -> Links:
    """Read a list of links if its columns have these names, otherwise a square table."""
    names = [str(name).strip().lower() for name in frame.columns]
    places = [next((k for k, x in enumerate(names) if x in ends), None) for ends in _ENDS]
    if len(names) <= 3 and places[0] is not None and places[1] is not None:
        parts = {
            x: frame.iloc[:, k]
            for x, k in zip(("i", "j", "w"), places, strict=True)
            if k is not None
        }
        return _of_list(pd.DataFrame(parts).reindex(columns=["i", "j", "w"]), wanted)
    bare = frame.index.equals(pd.RangeIndex(len(frame)))
    if bare and frame.shape[1] == frame.shape[0] + 1:
        frame, bare = frame.set_index(frame.columns[0]), False
    if frame.shape[0] != frame.shape[1]:
        raise StudyError(
            Message("'frame' is {} by {}; it must be square", *frame.shape),
            hint=Message("{}; or columns named from, to and weight", _NAMED),
        )
    values = frame.apply(pd.to_numeric, errors="coerce").to_numpy()
    rows, columns = labels_of(frame.index), labels_of(frame.columns)
    if _numbered(columns) and (bare or set(rows) != set(columns)):
        named = not bare or (wanted is None and rows == columns)
        return Links(values, rows if named else None)
    odd = sorted(set(rows) ^ set(columns))
    if odd:
        others = columns if odd[0] in rows else rows
        problem = Message("the rows and columns of 'frame' refer to different units")
        raise StudyError(problem, where=shown(odd), hint=nearest(odd[0], others))
    place = {name: k for k, name in enumerate(columns)}
    return Links(values[:, [place[name] for name in rows]], rows)


def _numbered(columns: tuple[str, ...]) -> bool:
    """Return True if columns are named w1 to wn, in the order of the rows."""
    stem = columns[0].rstrip("0123456789") if columns else ""
    return any(
        columns == tuple(f"{stem}{k}" for k in range(first, first + len(columns)))
        for first in (0, 1)
    )


def _of_list(frame: pd.DataFrame, wanted: tuple[str, ...] | None, *, loops: bool = False) -> Links:
    """Return links by their ends; with `loops`, a self-link of weight zero marks an island."""
    frame = frame.set_axis(["i", "j", "w"], axis=1)
    start, end = (labels_of(pd.Index(frame[name]), _LINK) for name in ("i", "j"))
    ids = wanted or tuple(dict.fromkeys([*start, *end]))
    strange = sorted({*start, *end} - set(ids))
    if strange:
        problem = Message("{} units of the links are not among 'ids'", len(strange))
        raise StudyError(problem, where=shown(strange), hint=nearest(strange[0], ids))
    twice = pd.MultiIndex.from_arrays([start, end]).duplicated()
    if twice.any():
        pairs = [f"{start[k]} → {end[k]}" for k in np.flatnonzero(twice)]
        raise StudyError(
            Message("some links occur twice"), where=shown(pairs), hint="one row for each link"
        )
    binary = frame["w"].isna().all()
    weight = (
        np.ones(len(frame)) if binary else pd.to_numeric(frame["w"], errors="coerce").to_numpy()
    )
    place = {name: k for k, name in enumerate(ids)}
    at: tuple[npt.NDArray[np.int64], ...] = tuple(
        np.array([place[name] for name in names], dtype=np.int64) for names in (start, end)
    )
    mask = ~((at[0] == at[1]) & (weight == 0)) if loops else np.ones(len(frame), dtype=bool)
    cells = (weight[mask], tuple(x[mask] for x in at))
    return Links(sparse.coo_array(cells, shape=(len(ids),) * 2).tocsr(), ids)


def refuse_other(path: Path) -> None:
    """Refuse special files, such as a pipe, before they are opened.

    Raises
    ------
    StudyError
        If the path is not a regular file; the message gives its type.
    """
    if wrong := no_file(path):
        raise StudyError(
            Message("{} cannot be read: it {}", path.name, wrong),
            hint=Message("the path of a file"),
        )


def lines_of(path: Path, *, blank: bool = False) -> tuple[int, list[str]]:
    """Read a GeoDa text file: the declared number of units, and the other lines.

    Raises
    ------
    StudyError
        If the file cannot be read, or its first line contains no number.
    """
    refuse_other(path)
    afford(_COPIES * path.stat().st_size, f"reading {path.name}", "a file of links of your units")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeError) as error:
        problem = Message("{} cannot be read", path.name)
        raise StudyError(problem, hint="the path of a text file in UTF-8") from error
    head = (lines or [""])[0].split()
    stated = head[1] if len(head) > 1 and head[0] == "0" else "".join(head[:1])
    if not stated.isdecimal():
        raise torn(path, " ".join(head), Message("0 and the number of units, in the first line"))
    return int(stated), [line for line in lines[1:] if blank or line.strip()]


def torn(path: Path, line: str, wanted: Message) -> StudyError:
    """Return an error that reports the missing part of a line."""
    problem = Message("{} contains the line {!r}", path.name, line[:_SHOWN])
    return StudyError(problem, hint=Message("{}, in the format of GeoDa", wanted))
