"""Columbus crime, Anselin's example: our log determinant gives the maximum likelihood of spreg."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize_scalar

from bayes_nqp.numerics.linear_gaussian import log_determinant

# spreg 1.9.1: ML_Lag(crime, [income, hoval], w) with queen contiguity, rows that sum to one.
RHO, BETA = 0.4233, np.array([45.6032, -1.0487, -0.2663])


def test_the_lag_of_columbus_is_that_of_spreg() -> None:
    geopandas = pytest.importorskip("geopandas")
    libpysal = pytest.importorskip("libpysal")
    frame = geopandas.read_file(libpysal.examples.get_path("columbus.shp"))
    graph = libpysal.graph.Graph.build_contiguity(frame, rook=False)
    w = sparse.csr_array(graph.transform("r").sparse)
    y = frame["CRIME"].to_numpy()
    x = np.column_stack([np.ones(len(y)), frame["INC"], frame["HOVAL"]])
    determinant = log_determinant(w, np.zeros(len(y), dtype=np.int64))

    def residual(delta: float) -> tuple[np.ndarray, np.ndarray]:
        lagged = y - delta * (w @ y)
        beta = np.linalg.lstsq(x, lagged, rcond=None)[0]
        return beta, lagged - x @ beta

    def loss(delta: float) -> float:
        e = residual(delta)[1]
        plain = float(determinant.plain(np.arctanh(delta)))
        return 0.5 * len(y) * float(np.log(e @ e)) - plain

    best = minimize_scalar(loss, bounds=(-0.5, 0.9), method="bounded", options={"xatol": 1e-8}).x
    assert best == pytest.approx(RHO, abs=1e-4)
    assert residual(best)[0] == pytest.approx(BETA, abs=2e-3)
