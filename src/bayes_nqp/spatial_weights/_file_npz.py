"""Links in .npz: what `scipy.sparse.save_npz` wrote, or arrays `matrix` and `ids`."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from scipy import sparse

from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message
from bayes_nqp.spatial_weights._sources import Links, labels_of, links_file


@links_file("npz")
def npz(path: Path) -> Links:
    """Read a matrix, and the labels of its units where they are there.

    Raises
    ------
    StudyError
        If there is no matrix in it.
    """
    try:
        with np.load(path, allow_pickle=False) as held:
            ids = labels_of(pd.Index(held["ids"])) if "ids" in held else None
            if "matrix" in held:
                return Links(held["matrix"], ids)
            return Links(sparse.csr_array(sparse.load_npz(path)), ids)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        problem = Message("{} holds no matrix", path.name)
        hint = "scipy.sparse.save_npz(path, matrix), or numpy.savez(path, matrix=…, ids=…)"
        raise StudyError(problem, hint=hint) from error
