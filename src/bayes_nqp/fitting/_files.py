"""A fit as one netCDF file: draws, rows, and the values that made them."""

from __future__ import annotations

import io
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp.codec import decode, encode
from bayes_nqp.diagnostics import Gate
from bayes_nqp.errors import PanelError, StudyError
from bayes_nqp.fitting._fit import Fit
from bayes_nqp.fitting._names import renamed
from bayes_nqp.panel import Panel

__all__ = ["FORMAT", "load", "save"]

FORMAT = 1
"""Version of the file format."""

_ESCAPES = {" ": "%20"}


def save(fit: Fit, path: Path, *, rows: bool) -> Path:
    """Write a fit beside its place, then move it there.

    Parameters
    ----------
    fit : Fit
    path : Path
    rows : bool
        Whether the panel's rows go into the file.

    Returns
    -------
    Path
    """
    groups = {
        str(name): renamed(node.to_dataset(), _ESCAPES) for name, node in fit.tree.children.items()
    }
    head: dict[str, Any] = {
        "format": FORMAT,
        "design": json.dumps(encode(fit.design), ensure_ascii=False),
        "sampler": json.dumps(encode(fit.sampler)),
        "gate": json.dumps(asdict(fit.gate)),
        "facts": json.dumps(dict(fit.facts), ensure_ascii=False),
        "versions": json.dumps(dict(fit.versions)),
        "notes": json.dumps(list(fit.notes), ensure_ascii=False),
        "digest": fit.digest,
    }
    if rows and fit.panel is not None:
        mixed, frame = _plain(fit.panel.frame)
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        groups["panel"] = xr.Dataset(
            {"rows": ("byte", np.frombuffer(buffer.getvalue(), dtype=np.uint8))},
            attrs={
                "content": "the panel's rows as a Parquet file",
                "mixed": json.dumps(mixed, ensure_ascii=False),
                "arguments": json.dumps(fit.panel.arguments, ensure_ascii=False),
                "notes": json.dumps(list(fit.panel.notes), ensure_ascii=False),
                "dropped": json.dumps(dict(fit.panel.dropped), ensure_ascii=False),
            },
        )
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=head), **groups})
    # HDF5 crashes the process when a disk fills up, so it writes to memory.
    content = bytes(tree.to_netcdf(engine="h5netcdf", encoding=_compression(groups)))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(beside).replace(path)
    finally:
        Path(beside).unlink(missing_ok=True)
    return path


def load(path: str | Path, panel: Panel | None = None) -> Fit:
    """Read a fit that `Fit.save` wrote.

    Parameters
    ----------
    path : str or Path
    panel : Panel, optional
        The panel, if the file was written without its rows.

    Returns
    -------
    Fit

    Raises
    ------
    StudyError
        If there is no such file, or it holds no fit, or one of a later format.
    PanelError
        If ``panel`` is not the one that was fitted.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(f"'path' {str(path)!r} is no file", hint="check the name")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
        head = dict(tree.attrs)
        version = int(head["format"])
    except (OSError, KeyError, ValueError) as error:
        raise StudyError(
            f"{path.name} holds no fit of this library, or only part of one",
            hint="fit again and save; files are written whole or not at all",
        ) from error
    if version > FORMAT:
        raise StudyError(
            f"{path.name} was written in format {version}, and this version reads up to {FORMAT}",
            hint="install a newer bayes_nqp",
        )
    facts = json.loads(head["facts"])
    groups = {
        str(name): _restored(node.to_dataset())
        for name, node in tree.children.items()
        if name != "panel"
    }
    return Fit(
        design=decode(json.loads(head["design"])),
        panel=_panel(tree, panel, str(facts["panel_digest"])),
        sampler=decode(json.loads(head["sampler"])),
        tree=xr.DataTree.from_dict(groups),
        gate=_gate(json.loads(head["gate"])),
        facts=facts,
        versions=json.loads(head["versions"]),
        notes=tuple(json.loads(head["notes"])),
    )


def _gate(data: dict[str, Any]) -> Gate:
    return Gate(**{**data, "failures": tuple(data["failures"])})


def _panel(tree: xr.DataTree, panel: Panel | None, digest: str) -> Panel | None:
    if panel is None and "panel" in tree.children:
        from dataclasses import replace

        node = tree["panel"].to_dataset()
        frame = pd.read_parquet(io.BytesIO(node["rows"].values.astype(np.uint8).tobytes()))
        for name in json.loads(node.attrs.get("mixed", "[]")):
            cells = [None if pd.isna(x) else json.loads(x) for x in frame[name]]
            frame[name] = pd.Series(cells, index=frame.index, dtype=object)
        panel = Panel.from_frame(frame, **json.loads(node.attrs["arguments"]))
        panel = replace(
            panel,
            notes=tuple(json.loads(node.attrs["notes"])),
            dropped=json.loads(node.attrs["dropped"]),
        )
    if panel is not None and panel.digest != digest:
        raise PanelError(
            "'panel' is not the one that was fitted: its digest differs",
            where=f"{panel.digest[:12]}… instead of {digest[:12]}…",
            hint="pass the same rows, in the same roles",
        )
    return panel


def _plain(frame: pd.DataFrame) -> tuple[list[str], pd.DataFrame]:
    """Write the cells of columns that mix text and numbers as JSON: Parquet takes one kind each."""
    mixed = [
        str(name)
        for name in frame.columns
        if frame[name].dtype == object
        and pd.api.types.infer_dtype(frame[name]).startswith(("mixed", "unknown"))
    ]
    frame = frame.copy() if mixed else frame
    for name in mixed:
        frame[name] = [
            None if pd.isna(x) else json.dumps(x, ensure_ascii=False, default=str)
            for x in frame[name]
        ]
    return mixed, frame


def _restored(dataset: xr.Dataset) -> xr.Dataset:
    dataset = renamed(dataset, {new: old for old, new in _ESCAPES.items()})
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


def _compression(groups: dict[str, xr.Dataset]) -> dict[str, dict[str, Any]]:
    return {
        f"/{name}": {
            str(k): {"zlib": True, "complevel": 1}
            for k, x in dataset.data_vars.items()
            if x.dtype.kind == "f" and x.ndim > 1
        }
        for name, dataset in groups.items()
    }
