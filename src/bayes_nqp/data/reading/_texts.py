"""What is asked of the texts of a column again and again, found once."""

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
"""Share of rows that begin a run of equal cells, from which runs save nothing."""


def _bytes_at(place: int) -> Begins:
    """Bytes that stand there, in UTF-8, in a blank or a break."""
    table = np.zeros(256, dtype=bool)
    table[[x.encode()[place] for x in _EDGES]] = True
    return table


_FIRST_BYTES: Final = _bytes_at(0)
_LAST_BYTES: Final = _bytes_at(-1)


class Texts:
    """The values of a column that are there, and what is asked of them often.

    Parameters
    ----------
    cells : list or arrow array of strings
        Each value at least once, and none that is missing. Not to be changed.
    begins : ndarray of bool, optional
        Rows that begin the runs of equal texts of which `cells` are the first.
    codes : ndarray of int32, optional
        The number of each row's text, where hardly any stands beside itself.
    """

    def __init__(
        self, cells: Any, begins: Begins | None = None, codes: Codes | None = None
    ) -> None:
        self._cells, self._begins, self.codes = cells, begins, codes
        self.says_numbers: bool | None = None
        """Whether a few cells of the column say numbers, once somebody found out."""

    @cached_property
    def values(self) -> list[Any]:
        """Each once, as Python has them."""
        return self._cells if isinstance(self._cells, list) else self._cells.unique().to_pylist()

    @cached_property
    def run_on(self) -> str:
        """All texts without a break between them: what is not in it is in none of them."""
        if isinstance(self._cells, list) or (parts := _buffers(self._cells)) is None:
            return self.joined
        ends, text = parts
        return bytes(text[ends[0] : ends[-1]]).decode()

    @cached_property
    def joined(self) -> str:
        """All texts, a line each: one search tells whether any of them has something in it."""
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
        """The same between breaks: a text stands there between two of them."""
        return f"\n{self.joined}\n"

    def has(self, text: str) -> bool:
        """Whether one of the texts is this one."""
        if isinstance(self._cells, list):
            return text in self._cells
        from pyarrow.compute import equal

        return bool(np.asarray(equal(self._cells, text)).any())

    def spread(self, count: int) -> list[Any]:
        """Take some `count` of the texts, spread over the rows, each once."""
        places = range(0, len(self._cells), max(1, len(self._cells) // count))
        if isinstance(self._cells, list):
            return list(dict.fromkeys(self._cells[k] for k in places))
        if not len(self._cells):
            return []
        return list(self._cells.take(list(places)).unique().to_pylist())

    @cached_property
    def broken(self) -> bool:
        """Whether a text has several lines."""
        texts: Any = self._cells
        if isinstance(texts, list):
            texts = [x for x in texts if isinstance(x, str)]
        return self.joined.count("\n") >= max(len(texts), 1)

    @cached_property
    def blank(self) -> list[str]:
        """Texts of blanks alone."""
        return [x for x in self._loose if not x.strip(_BLANKS)]

    @cached_property
    def padded(self) -> list[str]:
        """Texts with blanks or breaks around them."""
        return [x for x in self._loose if x]

    @cached_property
    def _loose(self) -> list[str]:
        """Texts that are empty, or begin or end with a blank or a break."""
        if not isinstance(self._cells, list) and not _edged(self._cells):
            return []
        ends = ("\n\n", *(end for x in _EDGES if x in self.joined for end in (f"\n{x}", f"{x}\n")))
        if not any(end in self.lines for end in ends):
            return []
        return [x for x in self.values if isinstance(x, str) and (not x or x != x.strip(_EDGES))]

    @cached_property
    def begins(self) -> Begins | None:
        """Where another text begins; None where one comes again after others, or may be missing."""
        if self._begins is None:
            return None
        once = _ordered(self._cells) or len(self._cells.unique()) == len(self._cells)
        return self._begins if once else None


_SEEN: ContextVar[dict[int, tuple[Any, Texts]] | None] = ContextVar("texts", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Keep the distinct texts of columns within: steps of reading ask for them again and again."""
    token = _SEEN.set({})
    try:
        yield
    finally:
        _SEEN.reset(token)


def texts_of(column: pd.Series[Any]) -> Texts:
    """Take the texts of a column, from memory where it was asked before."""
    if not isinstance(column.dtype, pd.StringDtype) or column.dtype.storage != "pyarrow":
        return Texts(column.dropna().unique().tolist())
    cells: Any = column.array.__arrow_array__()
    seen = _SEEN.get()
    if seen is None or id(cells) not in seen:
        texts = _texts(cells)
        if seen is None:
            return texts
        seen[id(cells)] = cells, texts  # the cells too, so that no others take their place
    return seen[id(cells)][1]


def distinct(column: pd.Series[Any]) -> list[Any]:
    """The values of a column that are there, each once, as Python has them."""
    return texts_of(column).values


def _texts(cells: Any) -> Texts:
    """Texts of an arrow array: the first of each run of equal cells says all of them."""
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
    """An arrow array of truths, which has a bit each, as numpy's."""
    bits = _of_one_piece(bits)
    packed = np.frombuffer(bits.buffers()[1], np.uint8)
    truths = np.unpackbits(packed, count=bits.offset + len(bits), bitorder="little")
    return truths[bits.offset :].view(bool)


def _of_one_piece(cells: Any) -> Any:
    """An arrow array, of pieces or not, as one."""
    return cells.combine_chunks() if hasattr(cells, "combine_chunks") else cells


def _ordered(cells: Any) -> bool:
    """Whether each text stands after the one before it, by its letters, or by length and letters.

    Either order is a strict one, so that no text comes twice: most files are sorted by unit.
    """
    from pyarrow.compute import binary_length, greater

    later = np.asarray(greater(cells[1:], cells[:-1]))
    if later.all():
        return True
    longer = np.diff(np.asarray(binary_length(cells)))
    return bool(((longer > 0) | (longer == 0) & later).all())


def _edged(cells: Any) -> bool:
    """Whether a text may be empty, or begin or end with a blank or a break, by single bytes."""
    if (parts := _buffers(cells)) is None:
        return True
    ends, text = parts
    if (ends[1:] == ends[:-1]).any():
        return True
    return bool(_FIRST_BYTES[text[ends[:-1]]].any() or _LAST_BYTES[text[ends[1:] - 1]].any())


def _buffers(cells: Any) -> tuple[Any, Any] | None:
    """Where each text of an arrow array of one piece begins and ends, and their bytes."""
    import pyarrow as pa

    widths = {pa.large_string(): np.int64, pa.string(): np.int32}
    if cells.type not in widths or not len(cells) or cells.buffers()[2] is None:
        return None
    _, places, text = cells.buffers()
    ends = np.frombuffer(places, widths[cells.type])[cells.offset : cells.offset + len(cells) + 1]
    return ends, np.frombuffer(text, np.uint8)
