"""Small fits that version 0.1 saved, for tests that need a fit at once."""

from __future__ import annotations

import gzip
import tempfile
import warnings
from functools import cache
from pathlib import Path

import bayes_nqp as nqp

FROZEN = Path(__file__).resolve().parent / "data" / "fits_0_1"


def frozen_bytes(name: str) -> bytes:
    """Return the bytes of a file of version 0.1, which has no seal."""
    return gzip.decompress((FROZEN / f"{name}.nc.gz").read_bytes())


@cache
def frozen_fit(name: str) -> nqp.Fit:
    """Return the fit that it holds."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", FutureWarning)  # values have their names of then
        path = Path(folder) / f"{name}.nc"
        path.write_bytes(frozen_bytes(name))
        return nqp.load(path)
