"""Moran's I and Lagrange multiplier tests: other packages' numbers, known answers, sizes."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import Forms, as_printed, morans_i, whitened
from scipy.sparse import csr_array
from scipy.special import ndtr

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.numerics.linear_gaussian import log_determinant

UNITS = 80


def places(seed: int = 0, n: int = UNITS) -> tuple[np.ndarray, csr_array]:
    """Coordinates, and the weights of the five nearest, either way."""
    rng = np.random.default_rng(seed)
    degrees = np.column_stack([rng.uniform(100, 120, n), rng.uniform(22, 40, n)])
    near = np.argsort(np.linalg.norm(degrees[:, None] - degrees, axis=2), axis=1)[:, 1:6]
    links = np.zeros((n, n))
    links[np.arange(n)[:, None], near] = 1.0
    links = np.maximum(links, links.T)
    return degrees, csr_array(links / links.sum(axis=1, keepdims=True))


def fitted(lag: float, **columns: object) -> nqp.Fit:
    """A fit to units whose errors are those of neighbours too, by a factor."""
    frame = nqp.simulation.staggered(units=UNITS, periods=8, cohorts=(4, 6), seed=4).panel.frame
    degrees, matrix = places()
    order = {label: k for k, label in enumerate(sorted(frame["unit"].unique()))}
    at = frame["unit"].map(order).to_numpy()
    frame["longitude"], frame["latitude"] = degrees[at].T
    spread = np.linalg.inv(np.eye(UNITS) - lag * matrix.toarray()) - np.eye(UNITS)
    shocks = spread @ np.random.default_rng(1).standard_normal((UNITS, 8))
    frame["outcome"] += shocks[at, frame["time"].to_numpy() - frame["time"].min()]
    panel = nqp.Panel.from_frame(
        frame.assign(**columns), unit="unit", time="time", cohort="cohort", outcome="outcome",
        strata="region",
    )  # fmt: skip
    return nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1, draws=200), progress=False)


def test_morans_i_is_that_of_esda() -> None:
    esda = pytest.importorskip("esda", reason="the reference of Moran's I")
    libpysal = pytest.importorskip("libpysal", reason="the reference of Moran's I")
    _, matrix = places()
    values = np.random.default_rng(2).standard_normal(UNITS) ** 3
    graph = libpysal.graph.Graph.from_sparse(matrix.tocoo())
    theirs = esda.Moran(values, graph, permutations=0, transformation="o")
    ours = morans_i(values, matrix)
    assert ours.value == pytest.approx(theirs.I, rel=1e-10)
    assert ours.z_normal == pytest.approx(theirs.z_norm, rel=1e-10)
    assert ours.z_random == pytest.approx(theirs.z_rand, rel=1e-10)


def test_tests_as_printed_are_those_of_spreg() -> None:
    """Its test of a lag squares the trace where it has to be times T, and is no reference."""
    spreg = pytest.importorskip("spreg", reason="the reference of panel tests")
    libpysal = pytest.importorskip("libpysal", reason="the reference of panel tests")
    _, matrix = places()
    rng = np.random.default_rng(4)
    y, x = rng.standard_normal((UNITS, 6)), rng.standard_normal((UNITS, 6, 2))

    def out(values: np.ndarray) -> np.ndarray:
        return (
            values - values.mean(axis=0) - values.mean(axis=1, keepdims=True)
            + values.mean(axis=(0, 1))
        )  # fmt: skip

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights = libpysal.weights.util.full2W(matrix.toarray())
        flat = out(y).T.reshape(-1, 1), out(x).transpose(1, 0, 2).reshape(-1, 2)
        error = float(spreg.panel_LMerror(*flat, weights)[0])
    # Its variance of residuals has three coefficients off the rows, a constant among them.
    free = 1.0 - 3.0 / y.size
    assert as_printed(y, x, matrix)["error"][0] * free**2 == pytest.approx(error, rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("levels", [1, 4, 20])
def test_whitened_tests_have_their_size_where_printed_ones_do_not(levels: int) -> None:
    """Errors AR(1) of .8, time effects by level of neighbours, and no spatial dependence."""
    n_periods, rng = 10, np.random.default_rng(7)
    degrees, matrix = places()
    table = np.zeros((UNITS, levels))
    table[np.argsort(degrees[:, 0]), np.arange(UNITS) * levels // UNITS] = 1.0
    time = np.arange(n_periods)
    covariance = 0.8 ** np.abs(time[:, None] - time) / (1.0 - 0.64)
    lower = np.linalg.cholesky(covariance)
    rejected = np.zeros((2, 2))
    for _ in range(200):
        columns = rng.standard_normal((UNITS, n_periods, 1))
        y = rng.standard_normal((UNITS, n_periods)) @ lower.T
        y += table @ rng.standard_normal((levels, n_periods)) + rng.standard_normal((UNITS, 1))
        both = (
            whitened(y, columns, table, matrix, covariance), as_printed(y, columns, matrix)
        )  # fmt: skip
        rejected += [[answer[name][1] < 0.05 for name in ("lag", "error")] for answer in both]
    assert (rejected[0] / 200 < 0.11).all()
    assert (rejected[0] / 200 > 0.01).all()
    assert (rejected[1] / 200 > 0.15).all()


@pytest.mark.slow
@pytest.mark.parametrize("levels", [1, 4])
@pytest.mark.parametrize("errors", [0.0, 0.5])
def test_errors_beside_a_lag_are_told_where_they_are(levels: int, errors: float) -> None:
    """Outcomes follow neighbours' by .4, errors are AR(1) of .5 and follow them or do not."""
    n_periods, rng = 8, np.random.default_rng(8)
    degrees, matrix = places()
    w = csr_array(matrix / np.maximum(matrix.sum(axis=1), 1.0)[:, None])
    table = np.zeros((UNITS, levels))
    code = np.zeros(UNITS, dtype=int)
    code[np.argsort(degrees[:, 0])] = np.arange(UNITS) * levels // UNITS
    table[np.arange(UNITS), code] = 1.0
    time, eye = np.arange(n_periods), np.eye(UNITS)
    covariance = 0.5 ** np.abs(time[:, None] - time)
    lower, determinant = np.linalg.cholesky(covariance), log_determinant(w, code)
    spread = np.linalg.inv(eye - errors * w.toarray())
    rejected = 0
    for _ in range(150):
        x = rng.standard_normal((UNITS, n_periods, 1))
        e = spread @ (rng.standard_normal((UNITS, n_periods)) @ lower.T)
        mean = x[..., 0] + rng.standard_normal((UNITS, 1)) + table @ rng.normal(size=(levels, 8))
        y = np.linalg.solve(eye - 0.4 * w.toarray(), mean + e)
        forms = Forms.of_lag(y, x, table, w, covariance, determinant)
        rejected += forms.errors_beside_lag(table, w, w)[1] < 0.05
    assert rejected > 120 if errors else 1 <= rejected < 17


def test_a_lag_is_no_cause_in_tests_of_the_model_without_it() -> None:
    """Where outcomes follow the five nearest, and so they do in the fit."""
    plain = fitted(0.0)
    assert plain.panel is not None
    weights = nqp.spatial_weights.nearest(plain.panel)
    w = weights.aligned(plain.panel.unit_labels).matrix.toarray()
    panel = plain.panel.with_outcome(
        np.linalg.solve(np.eye(UNITS) - 0.5 * w, plain.panel.outcome.reshape(UNITS, -1)).ravel()
    )
    term = nqp.SpatialLag(weights, durbin=False)
    effect, time = nqp.CompletePooling(varying=None), nqp.TimeEffects()
    lag = nqp.fit(plain.variant(spillovers=term, effect=effect, time=time), panel,
                  nqp.Importance(seed=1, draws=200), progress=False)  # fmt: skip
    without = nqp.fit(plain.variant(effect=effect, time=time), panel,
                      nqp.Importance(seed=1, draws=200), progress=False)  # fmt: skip
    ours, theirs = (nqp.check(x, "spatial_lm", progress=False) for x in (lag, without))
    a, b = (x.evidence.set_index("test")["printed_statistic"] for x in (ours, theirs))
    np.testing.assert_allclose(a[b.index], b, rtol=1e-9)
    assert theirs.verdict == "caution"
    assert ours.verdict == "passed"
    assert ours.figure.startswith("LM error given the lag")
    assert "LM error given the lag" in [x.label for x in nqp.table([ours], "spatial_lm").rows]
    assert nqp.check(lag, "moran", progress=False).verdict == "passed"
    # A unit without coordinates is one of the lag's: the design's own links have all.
    frame = panel.frame.copy()
    frame.loc[frame["unit"] == frame["unit"].iloc[0], ["longitude", "latitude"]] = np.nan
    blind = nqp.Panel.from_frame(frame, **panel.arguments)
    own = nqp.check(nqp.fit(lag.design, blind, nqp.Importance(seed=1, draws=200), progress=False),
                    "spatial_lm", progress=False)  # fmt: skip
    expected = nqp.check(lag, "spatial_lm", weights=weights, progress=False)
    assert own.figure == expected.figure
    shared = nqp.fit(lag.variant(spillovers=nqp.SpatialLag(weights, error=True)), panel,
                     nqp.Importance(seed=1, draws=200), progress=False)  # fmt: skip
    reported = nqp.check(shared, "spatial_lm", progress=False)
    assert reported.verdict == "reported"
    np.testing.assert_allclose(
        reported.evidence.set_index("test")["printed_statistic"][b.index], b, rtol=1e-9
    )


def test_verdicts_where_the_answer_is_known() -> None:
    alone, together = fitted(0.0), fitted(0.7)
    assert nqp.check(alone, "spatial_lm", progress=False).verdict == "passed"
    assert nqp.check(alone, "moran", progress=False).verdict == "passed"
    for name in ("moran", "spatial_lm"):
        result = nqp.check(together, name, progress=False)
        assert result.verdict == "caution"
    moran, unlike = (nqp.check(x, "moran", progress=False) for x in (together, fitted(-2.0)))
    evidence = moran.evidence
    assert isinstance(evidence, xr.Dataset)
    beyond = 2.0 * ndtr(-np.abs(evidence["z_random"].sel(series="residual"))) * 8 < 0.05
    assert f"positively correlated (in {int(beyond.sum())} of 8 periods" in moran.sentence
    assert "negatively correlated" in unlike.sentence
    figure = nqp.plots.check(moran)
    assert len(figure.axes) == 2


@pytest.mark.parametrize("reference", [-9.0, 0.0], ids=["below all rows", "that of many rows"])
@pytest.mark.parametrize("by", [False, True], ids=["one slope", "a slope by region"])
def test_an_exposure_is_a_line_whatever_the_reference(reference: float, by: bool) -> None:
    """The model of the tests is y on unit and time effects and the exposure, written densely."""
    degrees, matrix = places()
    rng, periods = np.random.default_rng(8), 6
    dose = np.maximum(rng.standard_normal((UNITS, periods)) + np.arange(periods) / 3, 0.0)
    assert 0.1 < (dose == 0.0).mean() < 0.9
    inland = np.arange(UNITS) % 2 == 0
    spread = np.linalg.inv(np.eye(UNITS) - 0.3 * matrix.toarray())
    y = dose * np.where(inland, 1.0, 2.0)[:, None] + spread @ rng.standard_normal(dose.shape)
    labels = [f"u{k:02d}" for k in range(UNITS)]
    frame = pd.DataFrame(
        {"unit": np.repeat(labels, periods), "time": np.tile(np.arange(periods), UNITS),
         "y": y.ravel(), "dose": dose.ravel(), "inland": np.repeat(inland, periods),
         "longitude": np.repeat(degrees[:, 0], periods),
         "latitude": np.repeat(degrees[:, 1], periods)}
    )  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", outcome="y", exposures=["dose"], strata=["inland"]
    )
    effect = (
        nqp.PartialPooling(["inland"], varying=None) if by else nqp.CompletePooling(varying=None)
    )
    design = nqp.ContinuousExposure(
        "dose", effect, errors=nqp.IID(), time=nqp.TimeEffects(), reference=reference
    )
    fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=100), progress=False)
    weights = nqp.spatial_weights.nearest(panel)
    w = weights.aligned(panel.unit_labels).matrix.toarray()
    shares = [inland[:, None], ~inland[:, None]] if by else [1.0]
    unit, time = (x.ravel() for x in np.indices(dose.shape))
    x = np.column_stack([
        np.eye(UNITS)[unit], np.eye(periods)[time], *((dose * share).ravel() for share in shares)
    ])  # fmt: skip
    e = y.ravel() - x @ np.linalg.lstsq(x, y.ravel(), rcond=None)[0]
    e = e.reshape(dose.shape)
    trace = periods * np.trace(w @ w + w.T @ w)
    lm = (np.sum(e * (w @ e)) / np.mean(e**2)) ** 2 / trace
    table = nqp.check(fit, "spatial_lm", weights=weights, progress=False).evidence
    assert isinstance(table, pd.DataFrame)
    printed = table.set_index("test")["printed_statistic"]
    assert printed["error"] == pytest.approx(lm, rel=1e-8)
    moran = nqp.check(fit, "moran", weights=weights, progress=False).evidence
    ours = moran["value"].sel(series="residual").to_numpy()
    expected = [morans_i(column, csr_array(w)).value for column in e.T]
    np.testing.assert_allclose(ours, expected, rtol=1e-8)


@pytest.mark.slow
def test_weights_of_ones_own_and_what_is_refused() -> None:
    fit = fitted(0.7)
    band = nqp.spatial_weights.band(fit.model_frame.panel, km=300)
    result = nqp.check(fit, "spatial_lm", weights=band, progress=False)
    assert isinstance(result.evidence, pd.DataFrame)
    assert result.evidence.attrs["weights"] == band.name
    with pytest.raises(StudyError, match="'weights' is 5"):
        nqp.check(fit, "moran", weights=5, progress=False)
    plain = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    blind = nqp.fit(nqp.StaggeredDiD(nqp.CompletePooling()), plain, nqp.Importance(seed=1,
    draws=200),
                    progress=False)  # fmt: skip
    answer = nqp.check(blind, "moran", progress=False)
    assert answer.verdict == "not applicable"
    assert "weights=" in answer.sentence
    assert "moran" not in set(nqp.check(blind, progress=False)["check"])


def test_a_unit_without_coordinates_is_left_out_and_named() -> None:
    """What neighbours of the others are is known: statistics are those of a panel without it."""
    whole = fitted(0.4)
    frame = whole.rows.frame.copy()
    gone = frame["unit"] == sorted(frame["unit"].unique())[7]
    frame.loc[gone, ["longitude", "latitude"]] = np.nan

    def of(rows: pd.DataFrame) -> nqp.Fit:
        panel = nqp.Panel.from_frame(
            rows, unit="unit", time="time", cohort="cohort", outcome="outcome", strata="region"
        )
        return nqp.fit(whole.design, panel, nqp.Importance(seed=1, draws=200), progress=False)

    with_it, without = of(frame), of(frame[~gone])
    ours, theirs = (nqp.check(fit, "moran") for fit in (with_it, without))
    assert ours.verdict == theirs.verdict
    np.testing.assert_allclose(ours.evidence["value"], theirs.evidence["value"], rtol=1e-9)
    assert "1 of 80 units" in ours.details
    assert frame["unit"][gone].iloc[0] in ours.details
    assert "80 units" not in theirs.details
    tests = nqp.check(with_it, "spatial_lm")
    printed = nqp.check(without, "spatial_lm").evidence["printed_statistic"]
    np.testing.assert_allclose(tests.evidence["printed_statistic"], printed, rtol=1e-9)
    # Standard errors keep its rows: it is near nobody, as one at the other end of the world is.
    far = frame.copy()
    far.loc[gone, ["longitude", "latitude"]] = [-70.0, -30.0]
    apart, known = (nqp.check(fit, "spatial_errors") for fit in (with_it, of(far)))
    np.testing.assert_allclose(apart.evidence["se"], known.evidence["se"], rtol=1e-9)
    assert "having no neighbours" in apart.details
    # What neighbours receive would need its place.
    refused = nqp.check(with_it, "spillover_bias")
    assert refused.verdict == "not applicable"
    assert frame["unit"][gone].iloc[0] in refused.sentence
