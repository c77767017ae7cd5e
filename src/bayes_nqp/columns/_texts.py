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
        ends = ("\n\n", *(end for x in _EDGES if x in self.joined for end in (f"\n{x}", f"{x}\n")))
        if not any(end in self.lines for end in ends):
            return []
        return [x for x in self.values if isinstance(x, str) and (not x or x != x.strip(_EDGES))]

    @cached_property
    def begins(self) -> Begins | None:
        """Where another text begins; None where one comes again after others, or may be missing."""
        once = self._begins is not None and len(self._cells.unique()) == len(self._cells)
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

    begins = np.empty(len(cells), dtype=bool)
    begins[0] = True
    begins[1:] = np.asarray(not_equal(cells[1:], cells[:-1]))
    if np.count_nonzero(begins) <= _SHORT_RUNS * len(cells):
        return Texts(_of_one_piece(cells.filter(pa.array(begins))), begins)
    coded = _of_one_piece(cells.dictionary_encode())
    return Texts(coded.dictionary, codes=coded.indices.to_numpy())


def _of_one_piece(cells: Any) -> Any:
    """An arrow array, of pieces or not, as one."""
    return cells.combine_chunks() if hasattr(cells, "combine_chunks") else cells
