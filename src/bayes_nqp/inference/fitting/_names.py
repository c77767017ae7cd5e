"""Names that a file, and a tree of groups, can hold: all others are written with percent signs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Hashable


_TREE = re.compile("[%/]")
"""A tree takes a slash for a path; what is escaped is told apart by its percent sign."""
_FILE = re.compile(r"\W|_(?=nc4_non_coord_)")
"""NetCDF takes any blank for the end of a name, and these letters for its own."""


def into_tree(dataset: xr.Dataset) -> xr.Dataset:
    """Write the names of variables and dims so that a tree takes them."""
    return renamed(dataset, lambda name: _TREE.sub(_escape, name))


def into_file(dataset: xr.Dataset) -> xr.Dataset:
    """Write the names of variables and dims so that netCDF takes them."""
    return renamed(dataset, lambda name: _FILE.sub(_escape, name))


def from_file(dataset: xr.Dataset) -> xr.Dataset:
    """Put the names back that `into_file` wrote."""
    return renamed(dataset, lambda name: unquote(name, errors="surrogatepass"))


def from_earlier_file(dataset: xr.Dataset) -> xr.Dataset:
    """Put the names back that files up to format 2 hold, where "%20" may have been a blank's."""
    return renamed(dataset, lambda name: name.replace("%20", " ").replace("%2F", "/"))


def renamed(dataset: xr.Dataset, called: Callable[[str], str]) -> xr.Dataset:
    """Call variables and dims otherwise.

    Returns
    -------
    Dataset
        The same if no name changes.
    """
    names: dict[Hashable, Hashable] = {
        name: new
        for name in (*dataset.variables, *dataset.dims)
        if (new := called(str(name))) != name
    }
    return dataset.rename(names) if names else dataset


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))
