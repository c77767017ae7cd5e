"""Names that a tree of groups can hold: it takes a slash for a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["SLASH", "from_tree", "into_tree", "renamed"]

SLASH: Final[Mapping[str, str]] = {"/": "%2F"}


def into_tree(dataset: xr.Dataset) -> xr.Dataset:
    """Write slashes in names so that a tree takes them."""
    return renamed(dataset, SLASH)


def from_tree(dataset: xr.Dataset) -> xr.Dataset:
    """Put the slashes in names back."""
    return renamed(dataset, {new: old for old, new in SLASH.items()})


def renamed(dataset: xr.Dataset, replacements: Mapping[str, str]) -> xr.Dataset:
    """Replace parts of the names of variables and dims.

    Returns
    -------
    Dataset
        The same if no name changes.
    """
    names: dict[Hashable, Hashable] = {}
    for name in [*dataset.variables, *dataset.dims]:
        text = str(name)
        for old, new in replacements.items():
            text = text.replace(old, new)
        if text != name:
            names[name] = text
    return dataset.rename(names) if names else dataset
