"""Persons who are observed once, in clusters: sums by cell, effects on clusters and on persons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, NQPError, PanelError, StudyError

ROLES = {"cluster": "city", "time": "year", "cohort": "zone_year", "outcome": "income"}
FLAT = nqp.StaggeredDiD(nqp.NoPooling(varying=None), errors=nqp.IID())


def persons(seed: int = 1, size: int = 6, cities: int = 24, years: int = 6) -> pd.DataFrame:
    """Return persons in cities, a third of which never adopt; larger cities have larger effects."""
    rng = np.random.default_rng(seed)
    cells = pd.MultiIndex.from_product([range(cities), range(years)], names=["c", "t"]).to_frame()
    cells["shock"] = 0.3 * rng.standard_normal(len(cells))
    cells["n"] = size * (1 + cells["c"] % 2)
    frame = cells.loc[cells.index.repeat(cells["n"])].reset_index(drop=True)
    zone = np.array([np.nan, 2003, 2004])[frame["c"] % 3]
    frame["city"], frame["year"] = "city " + frame["c"].astype(str), 2000 + frame["t"]
    frame["zone_year"], frame["region"] = zone, np.where(frame["c"] % 4 < 2, "east", "west")
    frame["age"] = rng.normal(40.0, 10.0, len(frame)) + frame["t"]
    treated = frame["year"] >= zone
    frame["income"] = (
        0.1 * frame["c"] + 0.05 * frame["age"] + frame["shock"] + (1.0 + frame["c"] % 2) * treated
        + rng.standard_normal(len(frame))
    )  # fmt: skip
    frame["weight"] = rng.uniform(0.5, 2.0, len(frame))
    return frame[["city", "year", "zone_year", "region", "age", "income", "weight"]]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return persons()


@pytest.fixture(scope="module")
def fit(frame: pd.DataFrame) -> nqp.Fit:
    panel = nqp.Panel.from_micro(frame, **ROLES, strata="region", covariates="age")
    return nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(draws=200, seed=1), progress=False)


@pytest.mark.parametrize("weights", [None, "weight"])
def test_means_are_adjusted_by_slopes_within_cells(
    frame: pd.DataFrame, weights: str | None
) -> None:
    panel = nqp.Panel.from_micro(frame, **ROLES, covariates=["age"], weights=weights)
    w = np.ones(len(frame)) if weights is None else frame[weights].to_numpy()
    code, labels = pd.factorize(frame["city"] + frame["year"].astype(str))
    cells = np.eye(len(labels))[code]
    means = cells.T @ (w[:, None] * frame[["income", "age"]].to_numpy())
    means /= (cells.T @ w)[:, None]
    apart = frame[["income", "age"]].to_numpy() - means[code]
    slope = (apart[:, 1] @ apart[:, 0]) / (apart[:, 1] @ apart[:, 1])
    if weights is None:  # least squares with a dummy of every cell
        columns = np.column_stack([frame["age"], cells])
        assert slope == pytest.approx(np.linalg.lstsq(columns, frame["income"])[0][0], rel=1e-9)
    residual = apart[:, 0] - slope * apart[:, 1]
    variance = residual @ residual / (len(frame) - len(labels) - 1)
    off = means[:, 1] - np.average(frame["age"], weights=w)
    squares = variance * (cells.T @ w**2) / (cells.T @ w) ** 2
    squares += off**2 * variance / (apart[:, 1] @ apart[:, 1])
    at = panel.frame["city"] + panel.frame["year"].astype(str)
    place = pd.Index(labels).get_indexer(at)
    assert panel.outcome == pytest.approx((means[:, 0] - off * slope)[place], rel=1e-9)
    assert panel.outcome_se == pytest.approx(np.sqrt(squares)[place], rel=1e-9)
    assert panel.exposure == pytest.approx((cells.T @ w)[place], rel=1e-12)
    assert panel.moderators[:, 0] == pytest.approx(means[place, 1], rel=1e-12)


def test_saturated_effects_are_least_squares_on_persons() -> None:
    """With as many persons in every cell: dummies of cities, years and treated cells."""
    frame = persons(seed=3).groupby(["city", "year"]).head(6)
    panel = nqp.Panel.from_micro(frame, **ROLES)
    effects = nqp.posterior_mean(FLAT, panel)
    treated = (frame["year"] >= frame["zone_year"]).to_numpy()
    kinds = frame["zone_year"].astype(str) + frame["year"].astype(str)
    taus = pd.get_dummies(kinds.where(treated)).to_numpy(dtype=float)
    fixed = [pd.get_dummies(frame[x]).to_numpy(dtype=float) for x in ("city", "year")]
    tau = np.linalg.lstsq(np.column_stack([taus, *fixed]), frame["income"].to_numpy())[0]
    tau = tau[: taus.shape[1]]
    assert np.sort(effects["effect"].to_numpy().ravel()) == pytest.approx(np.sort(tau), abs=1e-6)


def test_persons_count_by_their_number(fit: nqp.Fit) -> None:
    of, panel, effects = fit.model_frame.effects, fit.panel, fit.effects
    assert panel is not None
    assert panel.exposure is not None
    own = effects["effect"].sel(path="total").to_numpy().reshape(-1, effects.sizes["cell"])
    apart = effects["deviation"].sel(path="total").to_numpy().reshape(len(own), -1)
    rows = np.stack([e[of.cell] + of.beyond_cells(v) for e, v in zip(own, apart, strict=True)])
    number = panel.exposure[of.rows]
    found = nqp.att_persons(fit)
    assert found.to_numpy().ravel() == pytest.approx(rows @ number / number.sum(), rel=1e-9)
    east = (panel.frame["region"] == "east").to_numpy()[of.rows]
    by_region = nqp.att_persons(fit, "region").sel(region="east").to_numpy().ravel()
    assert by_region == pytest.approx(rows[:, east] @ number[east] / number[east].sum(), rel=1e-9)
    assert nqp.att(fit).to_numpy().ravel() == pytest.approx(rows.mean(axis=1), rel=1e-9)
    assert float(found.mean()) > float(nqp.att(fit).mean())  # large cities


def test_effects_by_city_are_refused(fit: nqp.Fit) -> None:
    with pytest.raises(StudyError, match="city"):
        nqp.att_persons(fit, "city")


def test_a_panel_of_cities_has_no_persons() -> None:
    panel = nqp.datasets.castle_doctrine()
    plain = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    with pytest.raises(StudyError, match="from_micro"):
        nqp.att_persons(plain)


def test_saved_fits_have_the_same_effects(fit: nqp.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "fit.nc")
    again = nqp.load(tmp_path / "fit.nc")
    assert np.array_equal(nqp.att_persons(again), nqp.att_persons(fit))


def test_missing_values_are_counted(frame: pd.DataFrame) -> None:
    gaps = frame.assign(age=frame["age"].mask(frame.index < 3), income=frame["income"].mask(
        frame.index == 5))  # fmt: skip
    panel = nqp.Panel.from_micro(gaps, **ROLES, covariates="age")
    assert "4 persons with missing values dropped (income: 1, age: 3)" in panel.notes[0]
    assert "slopes of covariates: age 0.0" in panel.notes[1]


BAD: dict[str, tuple[dict[str, object], dict[str, object], type[NQPError], str]] = {
    "a policy of persons": (
        {"zone_year": lambda x: x["zone_year"].mask(x.index == 0, 2002)}, {}, PanelError,
        "cohort='zone_year' differs between the persons of a cluster and period",
    ),
    "a stratum of persons": (
        {"region": lambda x: np.where(x.index % 2, "east", "west")}, {"strata": "region"},
        PanelError, "strata='region' differs",
    ),
    "weights of zero": (
        {"weight": 0.0}, {"weights": "weight"}, PanelError, "must be positive, but 1,296 persons",
    ),
    "a covariate of cities": (
        {"age": lambda x: x["city"].str[5:].astype(float)}, {"covariates": "age"},
        IdentificationError, "does not vary within clusters and periods",
    ),
    "a covariate twice": (
        {"double": lambda x: 2 * x["age"]}, {"covariates": ["age", "double"]},
        IdentificationError, "'double' does not vary",
    ),
    "an unknown column": ({}, {"covariates": "ages"}, PanelError, "did you mean 'age'"),
    "text": ({"age": "old"}, {"covariates": "age"}, PanelError, "covariates='age'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(frame: pd.DataFrame, case: str) -> None:
    columns, roles, error, words = BAD[case]
    with pytest.raises(error, match=words.replace("(", r"\(")):
        nqp.Panel.from_micro(frame.assign(**columns), **{**ROLES, **roles})


def test_one_person_a_cell_is_refused_and_rows_of_persons_are_recognised(
    frame: pd.DataFrame,
) -> None:
    with pytest.raises(PanelError, match="degrees of freedom") as refused:
        nqp.Panel.from_micro(frame.drop_duplicates(["city", "year"]), **ROLES)
    assert "outcome_se" in str(refused.value.hint)
    with pytest.raises(PanelError, match="duplicated") as refused:
        nqp.Panel.from_frame(frame, unit="city", time="year", cohort="zone_year", outcome="income")
    assert "Panel.from_micro" in str(refused.value.hint)


def test_composition_of_fixed_samples_without_covariates_does_not_apply() -> None:
    frame = persons().groupby(["city", "year"]).head(6)
    panel = nqp.Panel.from_micro(frame, **ROLES)
    fitted = nqp.fit(FLAT, panel, nqp.Importance(draws=100, seed=1), progress=False)
    found = nqp.check(fitted, "composition", progress=False)
    assert found.verdict == "not applicable"


def test_composition_finds_older_persons(frame: pd.DataFrame) -> None:
    older = frame.assign(age=frame["age"] + 10.0 * (frame["year"] >= frame["zone_year"]))
    sampler = nqp.Importance(draws=200, seed=1)
    for rows, verdict in ((frame, "passed"), (older, "failed")):
        panel = nqp.Panel.from_micro(rows, **ROLES, covariates="age")
        fitted = nqp.fit(nqp.StaggeredDiD(), panel, sampler, progress=False)
        assert nqp.check(fitted, "composition", progress=False).verdict == verdict
