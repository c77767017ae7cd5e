"""A fit as one netCDF file: draws, rows, and the values that made them; and a seal on all of it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import xarray as xr

from bayes_nqp._core.checksum import SEAL, sealed
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io import write_bytes
from bayes_nqp.inference.fitting._names import from_earlier_file, from_file, into_file
from bayes_nqp.inference.fitting._panel_rows import from_bytes, into_bytes
from bayes_nqp.model.codec import decode, encode

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


FORMAT = 3
"""Version of the file format; from 3 on, names are stored exactly."""

SEALED = 2
"""From this format on, files have a digest."""

PANEL = "panel"
"""Group of the panel's observations."""


def write_fit(
    path: str | Path,
    groups: Mapping[str, xr.Dataset],
    panel: Panel | None,
    values: Mapping[str, object],
    facts: Mapping[str, object],
    texts: Mapping[str, str],
) -> Path:
    """Write a fit to a temporary file, read it back, then move it to its place.

    Parameters
    ----------
    groups : mapping of str to Dataset
        Draws by group.
    panel : Panel or None
        Panel whose observations are written, if any.
    values : mapping
        Designs and samplers, written to the file's head as JSON of their plain data.
    facts : mapping
        Plain data, written to the head as JSON.
    texts : mapping of str to str
        Texts, written to the head unchanged.

    Raises
    ------
    StudyError
        If it cannot be written, or would be read differently.
    """
    coded = {name: encode(value) for name, value in values.items()}
    head: dict[str, Any] = {
        "format": FORMAT,
        "seal": f"SHA-256 of all bytes before the last {SEAL}, which hold it",
        **{name: json.dumps(x, ensure_ascii=False) for name, x in {**coded, **facts}.items()},
        **texts,
    }
    written = {name: into_file(group) for name, group in groups.items()}
    if panel is not None:
        written[PANEL] = into_bytes(panel)
    content = b""
    try:
        content = _bytes_of(written, head)
        lost = _lost(content, groups, head, coded, panel)
    except ValueError as error:  # text with a NUL, or with half a surrogate pair
        lost = f"text ({error})"
    if lost:
        raise StudyError(
            f"{str(path)!r} cannot be written: reading it back would change it",
            where=f"its {lost}",
            hint="other names of columns and levels",
        )
    return write_bytes(path, sealed(content))


def _bytes_of(groups: Mapping[str, xr.Dataset], head: Mapping[str, Any]) -> bytes:
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=head), **groups})
    try:
        # HDF5 crashes the process when a disk fills up, so it writes to memory.
        return bytes(tree.to_netcdf(engine="h5netcdf", encoding=_compression(groups)))
    finally:
        # Nodes refer to one another, and would keep the draws until garbage is collected.
        del tree.children


def read_groups(file: BinaryIO) -> tuple[dict[str, xr.Dataset], dict[str, Any]]:
    """Read the groups of a file, and its head."""
    file.seek(0)
    with ExitStack() as files:
        opened = xr.open_groups(file, engine="h5netcdf")
        groups = {path.lstrip("/"): files.enter_context(x) for path, x in opened.items()}
        for group in groups.values():
            group.load()
    head = {str(name): value for name, value in groups.pop("").attrs.items()}
    version = int(head["format"])
    draws = {name: _restored(x, version) for name, x in groups.items() if name != PANEL}
    return {**groups, **draws}, head


def _lost(
    content: bytes,
    groups: Mapping[str, xr.Dataset],
    head: Mapping[str, Any],
    coded: Mapping[str, Any],
    panel: Panel | None,
) -> str:
    """The first part of a fit that bytes do not give back; "" if they give back all of it."""
    stored, attrs = read_groups(io.BytesIO(content))
    for name, group in groups.items():
        if not _same(stored[name], group):
            return name
    if attrs != head:
        return "head"
    if panel is not None and from_bytes(stored[PANEL]).digest != panel.digest:
        return PANEL
    return next((name for name, data in coded.items() if encode(decode(data)) != data), "")


def _same(stored: xr.Dataset, group: xr.Dataset) -> bool:
    kinds = [{name: x.dtype.kind for name, x in data.variables.items()} for data in (stored, group)]
    return kinds[0] == kinds[1] and stored.identical(group)


def _restored(dataset: xr.Dataset, version: int) -> xr.Dataset:
    """Texts as numpy strings, and names as they were."""
    dataset = from_file(dataset) if version >= FORMAT else from_earlier_file(dataset)
    texts = {
        name: (variable.dims, np.asarray(variable.values, dtype=str))
        for name, variable in dataset.variables.items()
        if variable.dtype.kind not in "biuf"
    }
    attrs = dict(dataset.attrs)
    out = dataset.assign({n: x for n, x in texts.items() if n in dataset.data_vars})
    out = out.assign_coords({n: x for n, x in texts.items() if n in dataset.coords})
    for variable in out.variables.values():
        variable.encoding = {}
    return out.assign_attrs(attrs)


def _compression(groups: Mapping[str, xr.Dataset]) -> dict[str, dict[str, Any]]:
    return {
        f"/{name}": {
            str(k): {"zlib": True, "complevel": 1}
            for k, x in dataset.data_vars.items()
            if x.dtype.kind == "f" and x.ndim > 1
        }
        for name, dataset in groups.items()
    }
