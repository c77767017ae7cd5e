"""Observations of a panel within the file of a fit, stored as the bytes of a Parquet file."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr
from pyarrow.parquet import ParquetFile

from bayes_nqp._core.i18n import decoded, encoded
from bayes_nqp._core.limits import afford
from bayes_nqp.data.panel import Panel


def into_bytes(panel: Panel) -> xr.Dataset:
    """Convert a panel's observations to bytes.

    Returns
    -------
    Dataset
        With ``rows`` (byte).
    """
    mixed, frame = _plain(panel.frame)
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return xr.Dataset(
        {"rows": ("byte", np.frombuffer(buffer.getvalue(), dtype=np.uint8))},
        attrs={
            "content": "the panel's rows as a Parquet file",
            "mixed": json.dumps(mixed, ensure_ascii=False),
            "arguments": json.dumps(panel.arguments, ensure_ascii=False),
            "notes": encoded(panel.notes),
            "dropped": json.dumps(dict(panel.dropped), ensure_ascii=False),
        },
    )


def from_bytes(rows: xr.Dataset) -> Panel:
    """Read a panel's observations from bytes.

    Parameters
    ----------
    rows : Dataset
        Dataset returned by `into_bytes`.
    """
    content = io.BytesIO(rows["rows"].values.astype(np.uint8).tobytes())
    with ParquetFile(content) as file:
        head = file.metadata
    afford(
        8.0 * head.num_rows * head.num_columns, "reading the rows of a fit", "fit again and save"
    )
    frame = pd.read_parquet(content)
    for name in json.loads(rows.attrs.get("mixed", "[]")):
        cells = [None if pd.isna(x) else json.loads(x) for x in frame[name]]
        frame[name] = pd.Series(cells, index=frame.index, dtype=object)
    panel = Panel.from_frame(frame, **json.loads(rows.attrs["arguments"]))
    return replace(
        panel, notes=tuple(decoded(rows.attrs["notes"])), dropped=json.loads(rows.attrs["dropped"])
    )


def _plain(frame: pd.DataFrame) -> tuple[list[str], pd.DataFrame]:
    """Convert columns of mixed text and numbers to JSON: a Parquet column has one type."""
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
