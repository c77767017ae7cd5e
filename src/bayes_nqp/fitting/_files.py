"""A fit as one netCDF file: draws, rows, and the values that made them; and a seal on all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from bayes_nqp.files import write_bytes
from bayes_nqp.fitting._names import renamed
from bayes_nqp.fitting._panel_rows import into_bytes
from bayes_nqp.seal import SEAL, sealed

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["ESCAPES", "FORMAT", "write_fit"]

FORMAT = 2
"""Version of the file format; from 2 on, files are sealed."""

ESCAPES = {" ": "%20"}
"""What names are written with, where netCDF takes no blank."""


def write_fit(
    path: str | Path,
    draws: xr.DataTree,
    panel: Panel | None,
    facts: Mapping[str, object],
    texts: Mapping[str, str],
) -> Path:
    """Write a fit beside its place, then move it there.

    Parameters
    ----------
    draws : DataTree
        Its groups.
    panel : Panel or None
        Its rows, if they go into the file.
    facts : mapping
        What stands in the file's head as JSON.
    texts : mapping of str to str
        What stands there as it is.
    """
    groups = {
        str(name): renamed(node.to_dataset(), ESCAPES) for name, node in draws.children.items()
    }
    head: dict[str, Any] = {
        "format": FORMAT,
        "seal": f"SHA-256 of all bytes before the last {SEAL}, which hold it",
        **{name: json.dumps(value, ensure_ascii=False) for name, value in facts.items()},
        **texts,
    }
    if panel is not None:
        groups["panel"] = into_bytes(panel)
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=head), **groups})
    # HDF5 crashes the process when a disk fills up, so it writes to memory.
    content = bytes(tree.to_netcdf(engine="h5netcdf", encoding=_compression(groups)))
    return write_bytes(path, sealed(content))


def _compression(groups: dict[str, xr.Dataset]) -> dict[str, dict[str, Any]]:
    return {
        f"/{name}": {
            str(k): {"zlib": True, "complevel": 1}
            for k, x in dataset.data_vars.items()
            if x.dtype.kind == "f" and x.ndim > 1
        }
        for name, dataset in groups.items()
    }
