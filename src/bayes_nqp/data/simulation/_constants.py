"""Immutable dictionaries of constants that can be pickled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Constants[T](Mapping[str, T]):
    """An immutable dictionary.

    Parameters
    ----------
    items : mapping
        Items of the dictionary.
    """

    def __init__(self, items: Mapping[str, T]) -> None:
        self._items = dict(items)

    def __getitem__(self, name: str) -> T:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)
