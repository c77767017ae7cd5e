"""A fit as one netCDF file: draws, rows, and the values that made them; and a seal on all of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import xarray as xr

from bayes_nqp.codec import encode
from bayes_nqp.files import write_bytes
from bayes_nqp.fitting._fit import Fit
from bayes_nqp.fitting._names import renamed
from bayes_nqp.fitting._panel_rows import into_bytes
from bayes_nqp.language import encoded
from bayes_nqp.seal import SEAL, sealed

__all__ = ["ESCAPES", "FORMAT", "save"]

FORMAT = 2
"""Version of the file format; from 2 on, files are sealed."""

ESCAPES = {" ": "%20"}
"""What names are written with, where netCDF takes no blank."""


def save(fit: Fit, path: str | Path, *, rows: bool) -> Path:
    """Write a fit beside its place, then move it there.

    Parameters
    ----------
    rows : bool
        Whether the panel's rows go into the file.
    """
    groups = {
        str(name): renamed(node.to_dataset(), ESCAPES) for name, node in fit.tree.children.items()
    }
    head: dict[str, Any] = {
        "format": FORMAT,
        "seal": f"SHA-256 of all bytes before the last {SEAL}, which hold it",
        "design": json.dumps(encode(fit.design), ensure_ascii=False),
        "sampler": json.dumps(encode(fit.sampler)),
        "gate": json.dumps(asdict(fit.gate)),
        "facts": json.dumps(dict(fit.record), ensure_ascii=False),
        "versions": json.dumps(dict(fit.versions)),
        "notes": encoded(fit.notes),
        "digest": fit.digest,
    }
    if rows and fit.panel is not None:
        groups["panel"] = into_bytes(fit.panel)
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
