"""Compute and cache frequently used properties of the texts of a column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

type Begins = npt.NDArray[np.bool_]
type Codes = npt.NDArray[np.int32]

_BLANKS: Final = " \t\u3000\xa0"
_EDGES: Final = " \t\r\n\u3000\xa0"
_SHORT_RUNS: Final = 0.5
"""Share of rows that start a run, above which compression by runs saves nothing."""


def _bytes_at(place: int) -> Begins:
    """Return the bytes at these positions in a blank or a line break, in UTF-8."""
    table = np.zeros(256, dtype=bool)
    table[[x.encode()[place] for x in _EDGES]] = True
    return table


_FIRST_BYTES: Final = _bytes_at(0)
_LAST_BYTES: Final = _bytes_at(-1)


class Texts:
    """Nonmissing values of a column, with frequently used properties.

    Parameters
    ----------
    cells : list or arrow array of strings
        Each nonmissing value at least once. Must not be modified.
    begins : ndarray of bool, optional
        Rows that start a run of equal texts; `cells` contains the first text of each run.
    codes : ndarray of int32, optional
        Index of each row's text, used if few neighbouring rows are equal.
    """

    def __init__(
        self, cells: Any, begins: Begins | None = None, codes: Codes | None = None
    ) -> None:
        self._cells, self._begins, self.codes = cells, begins, codes
        self.says_numbers: bool | None = None
        """True if a few cells of the column contain numbers; None if not yet computed."""

    @cached_property
    def values(self) -> list[Any]:
        """Return each value once, as Python objects."""
        return self._cells if isinstance(self._cells, list) else self._cells.unique().to_pylist()

    @cached_property
    def run_on(self) -> str:
        """Join all texts without separators; a missing substring occurs in none of the texts."""
        if isinstance(self._cells, list) or (parts := _buffers(self._cells)) is None:
            return self.joined
        ends, text = parts
        return bytes(text[ends[0] : ends[-1]]).decode()

    @cached_property
    def joined(self) -> str:
        """Join all texts, one per line, so that one search covers all texts."""
        if isinstance(self._cells, list):
            return "\n".join(x for x in self._cells if isinstance(x, str))
        import pyarrow as pa
        from pyarrow.compute import binary_join

        ends = pa.array([0, len(self._cells)], pa.int32())
        text = binary_join(
            pa.ListArray.from_arrays(ends, self._cells), pa.scalar("\n", self._cells.type)
        )
        return str(text[0].as_py())

    @cached_property
    def lines(self) -> str:
        """Join all texts between line breaks, so that whole texts can be searched."""
        return f"\n{self.joined}\n"

    def has(self, text: str) -> bool:
        """Return True if one of the texts equals this text."""
        if isinstance(self._cells, list):
            return text in self._cells
        from pyarrow.compute import equal

        return bool(np.asarray(equal(self._cells, text)).any())

    def spread(self, count: int) -> list[Any]:
        """Return about `count` distinct texts, spread over the rows."""
        places = range(0, len(self._cells), max(1, len(self._cells) // count))
        if isinstance(self._cells, list):
            return list(dict.fromkeys(self._cells[k] for k in places))
        if not len(self._cells):
            return []
        return list(self._cells.take(list(places)).unique().to_pylist())

    @cached_property
    def broken(self) -> bool:
        """Return True if a text has several lines."""
        texts: Any = self._cells
        if isinstance(texts, list):
            texts = [x for x in texts if isinstance(x, str)]
        return self.joined.count("\n") >= max(len(texts), 1)

    @cached_property
    def blank(self) -> list[str]:
        """Return the texts that consist of blanks."""
        return [x for x in self._loose if not x.strip(_BLANKS)]

    @cached_property
    def padded(self) -> list[str]:
        """Return the texts with blanks or line breaks around them."""
        return [x for x in self._loose if x]

    @cached_property
    def _loose(self) -> list[str]:
        """Return the texts that are empty, or start or end with a blank or a line break."""
        if not isinstance(self._cells, list) and not _edged(self._cells):
            return []
        ends = ("\n\n", *(end for x in _EDGES if x in self.joined for end in (f"\n{x}", f"{x}\n")))
        if not any(end in self.lines for end in ends):
            return []
        return [x for x in self.values if isinstance(x, str) and (not x or x != x.strip(_EDGES))]

    @cached_property
    def begins(self) -> Begins | None:
        """Return the rows where another text begins; None if texts recur or may be missing."""
        if self._begins is None:
            return None
        once = _ordered(self._cells) or len(self._cells.unique()) == len(self._cells)
        return self._begins if once else None


_SEEN: ContextVar[dict[int, tuple[Any, Texts]] | None] = ContextVar("texts", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Cache the distinct texts of columns in this context, for repeated use by steps."""
    token = _SEEN.set({})
    try:
        yield
    finally:
        _SEEN.reset(token)


def texts_of(column: pd.Series[Any]) -> Texts:
    """Return the texts of a column, from the cache if available."""
    if not isinstance(column.dtype, pd.StringDtype) or column.dtype.storage != "pyarrow":
        return Texts(column.dropna().unique().tolist())
    cells: Any = column.array.__arrow_array__()
    seen = _SEEN.get()
    if seen is None or id(cells) not in seen:
        texts = _texts(cells)
        if seen is None:
            return texts
        seen[id(cells)] = cells, texts  # keep the cells too, so that their memory is not reused
    return seen[id(cells)][1]


def distinct(column: pd.Series[Any]) -> list[Any]:
    """Return the distinct nonmissing values of a column as Python objects."""
    return texts_of(column).values


def _texts(cells: Any) -> Texts:
    """Return the texts of an arrow array, compressed to the first of each run of equals."""
    if cells.null_count or len(cells) < 2:
        return Texts(_of_one_piece(cells.unique().drop_null()))
    import pyarrow as pa
    from pyarrow.compute import not_equal
    from pyarrow.compute import sum as total

    other = not_equal(cells[1:], cells[:-1])
    if 1 + total(other).as_py() <= _SHORT_RUNS * len(cells):
        begins = np.empty(len(cells), dtype=bool)
        begins[0], begins[1:] = True, _unpacked(other)
        runs = [_of_one_piece(x) for x in (cells[:1], cells[1:].filter(other))]
        return Texts(pa.concat_arrays(runs), begins)
    coded = _of_one_piece(cells.dictionary_encode())
    return Texts(coded.dictionary, codes=coded.indices.to_numpy())


def _unpacked(bits: Any) -> Begins:
    """Convert an arrow array of booleans, stored as bits, to a numpy array."""
    bits = _of_one_piece(bits)
    packed = np.frombuffer(bits.buffers()[1], np.uint8)
    truths = np.unpackbits(packed, count=bits.offset + len(bits), bitorder="little")
    return truths[bits.offset :].view(bool)


def _of_one_piece(cells: Any) -> Any:
    """Return an arrow array as a single chunk."""
    return cells.combine_chunks() if hasattr(cells, "combine_chunks") else cells


def _ordered(cells: Any) -> bool:
    """Return True if texts are strictly sorted, by letters or by length and letters.

    Strictly sorted texts have no duplicates; most files are sorted by unit.
    """
    from pyarrow.compute import binary_length, greater

    later = np.asarray(greater(cells[1:], cells[:-1]))
    if later.all():
        return True
    longer = np.diff(np.asarray(binary_length(cells)))
    return bool(((longer > 0) | (longer == 0) & later).all())


def _edged(cells: Any) -> bool:
    """Return True if a text may be empty, or start or end with a blank or a line break."""
    if (parts := _buffers(cells)) is None:
        return True
    ends, text = parts
    if (ends[1:] == ends[:-1]).any():
        return True
    return bool(_FIRST_BYTES[text[ends[:-1]]].any() or _LAST_BYTES[text[ends[1:] - 1]].any())


def _buffers(cells: Any) -> tuple[Any, Any] | None:
    """Return the offsets and bytes of the texts of a single-chunk arrow array."""
    import pyarrow as pa

    widths = {pa.large_string(): np.int64, pa.string(): np.int32}
    if cells.type not in widths or not len(cells) or cells.buffers()[2] is None:
        return None
    _, places, text = cells.buffers()
    ends = np.frombuffer(places, widths[cells.type])[cells.offset : cells.offset + len(cells) + 1]
    return ends, np.frombuffer(text, np.uint8)
