"""Constants by name, which nobody changes and pickles take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Constants[T](Mapping[str, T]):
    """A dictionary that stays as it is.

    Parameters
    ----------
    items : mapping
        What it holds.
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
