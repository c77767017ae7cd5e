"""Links in .npz files from `scipy.sparse.save_npz`, or with arrays `matrix` and `ids`."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
from scipy import sparse

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import array_bytes
from bayes_nqp._core.limits import afford
from bayes_nqp._core.safe_calls import reply
from bayes_nqp.data.spatial_weights._sources import Links, labels_of, links_file, refuse_other


@links_file("npz")
def npz(path: Path) -> Links:
    """Read a matrix, and the labels of its units if included.

    Raises
    ------
    StudyError
        If the file contains no matrix.
    """

    def refuse(error: Exception) -> NoReturn:
        if isinstance(error, StudyError):
            raise error
        problem = Message("{} contains no matrix", path.name)
        hint = "scipy.sparse.save_npz(path, matrix), or numpy.savez(path, matrix=…, ids=…)"
        raise StudyError(problem, hint=hint) from error

    refuse_other(path)
    needed = reply(lambda: array_bytes(path), refuse)
    afford(needed, f"reading {path.name}", "a file of links of your units")
    return reply(lambda: _read(path), refuse)


def _read(path: Path) -> Links:
    with np.load(path, allow_pickle=False) as held:
        ids = labels_of(pd.Index(held["ids"])) if "ids" in held else None
        if "matrix" in held:
            return Links(held["matrix"], ids)
    return Links(sparse.load_npz(path), ids)
