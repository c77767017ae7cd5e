"""Names of variables in files and trees: characters that are not allowed are percent-encoded."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Hashable


_TREE = re.compile("[%/]")
"""A tree interprets a slash as a path; escaped characters start with a percent sign."""
_FILE = re.compile(r"\W|_(?=nc4_non_coord_)")
"""NetCDF takes a blank for the end of a name, and reserves these letters."""


def into_tree(dataset: xr.Dataset) -> xr.Dataset:
    """Encode the names of variables and dims for a DataTree."""
    return renamed(dataset, lambda name: _TREE.sub(_escape, name))


def into_file(dataset: xr.Dataset) -> xr.Dataset:
    """Encode the names of variables and dims for netCDF."""
    return renamed(dataset, lambda name: _FILE.sub(_escape, name))


def from_file(dataset: xr.Dataset) -> xr.Dataset:
    """Restore the names that `into_file` encoded."""
    return renamed(dataset, lambda name: unquote(name, errors="surrogatepass"))


def from_earlier_file(dataset: xr.Dataset) -> xr.Dataset:
    """Restore names in files up to format 2, in which "%20" may stand for a blank."""
    return renamed(dataset, lambda name: name.replace("%20", " ").replace("%2F", "/"))


def renamed(dataset: xr.Dataset, called: Callable[[str], str]) -> xr.Dataset:
    """Rename variables and dims.

    Returns
    -------
    Dataset
        The same object if no name changes.
    """
    names: dict[Hashable, Hashable] = {
        name: new
        for name in (*dataset.variables, *dataset.dims)
        if (new := called(str(name))) != name
    }
    return dataset.rename(names) if names else dataset


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))
