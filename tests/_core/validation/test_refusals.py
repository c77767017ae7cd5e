"""Arguments that a signature alone cannot refuse, and what is given to executors and engines."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.numerics.sampling._weights import Weights

SAMPLER = nqp.Importance(draws=40, chains=2, proposals=400, seed=1)
PANEL = nqp.simulation.staggered(units=12, periods=6, cohorts=(3, 4), seed=1).panel
ROLES: dict[str, Any] = {
    "unit": "unit", "time": "time", "outcome": "outcome", "cohort": "cohort",
}  # fmt: skip
WRONG = (None, 5, [], "", "no such column", np.array([1.0, np.nan]), -1, ["no such column"])


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(nqp.StaggeredDiD(nqp.CompletePooling()), PANEL, SAMPLER, progress=False)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    PANEL.frame.to_parquet(path)
    return path


def pairs() -> pd.DataFrame:
    rows = [(a, b, t, ord(a) * ord(b) + t) for a in "abc" for b in "abcd" if a < b
            for t in range(4)]  # fmt: skip
    return pd.DataFrame(rows, columns=["o", "d", "t", "y"]).assign(y=lambda df: df["y"] * 1.0)


@pytest.mark.filterwarnings("ignore")
def test_makers_of_panels_refuse_any_wrong_value(file: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    makers: dict[Callable[..., Any], dict[str, Any]] = {
        nqp.Panel.from_pairs: {
            "df": pairs(), "origin": "o", "destination": "d", "time": "t", "outcome": "y",
            "cohorts": {"a": 2, "b": None, "c": None, "d": 3},
        },
        nqp.Panel.from_table: {"rows": str(file), **ROLES},
        nqp.Panel.from_file: {"path": file, **ROLES, "read": {}, "encoding": None, "sheet": None},
    }  # fmt: skip
    for make, right in makers.items():
        assert make(**right).n_units
        for argument in right:
            for value in WRONG:
                try:
                    make(**{**right, argument: value})
                except NQPError:
                    pass
                except Exception as error:
                    raise AssertionError((make, argument, value)) from error
    with pytest.raises(NQPError, match=r".store. .*cannot be written"):
        nqp.Panel.from_table(str(file), **ROLES, store=tmp_path / "taken")


@pytest.mark.parametrize(
    "call",
    [
        lambda fit: nqp.att(fit, by="event_time").sel(5),
        lambda fit: nqp.att(fit, by="event_time").sel([1]),
        lambda fit: nqp.contrast(nqp.att(fit, by="event_time"), event_time=0, minus=[]),
        lambda fit: nqp.estimators_table(fit, prob=5),
        lambda fit: nqp.estimators_table(fit, language="no such"),
        lambda fit: nqp.event_study_table(fit, prob=-1),
        lambda fit: nqp.event_study_draws([0.1, 1.0], np.eye(2), [np.nan, 0]),
        lambda fit: nqp.spatial_weights.economic(PANEL, "outcome", periods=[]),
        lambda fit: fit.panel.summed_product("x"),
    ],
)
def test_calls_end_in_an_error_of_the_library(
    call: Callable[[nqp.Fit], object], fit: nqp.Fit
) -> None:
    with pytest.raises(NQPError) as caught:
        call(fit)
    assert caught.value.hint


def test_what_does_not_apply_is_an_error_of_the_library() -> None:
    """A check gives a verdict; a function refuses."""
    frame = PANEL.frame.assign(dose=np.sin(np.arange(len(PANEL.frame))))
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", outcome="outcome", exposures=["dose"]
    )
    fit = nqp.fit(nqp.ContinuousExposure("dose"), panel, SAMPLER, progress=False)
    with pytest.raises(NQPError, match="continuous exposure has no adoption date"):
        nqp.model_average(fit)
    assert nqp.check(fit, "pretrends", progress=False).verdict == "not applicable"


def test_directed_terms_need_links_with_a_direction() -> None:
    panel = nqp.simulation.network(nodes=8, periods=5, cohorts=(3, 4), seed=1).panel
    for term in (nqp.EndpointEffects(directed=True), nqp.NodeTimeEffects(directed=True)):
        with pytest.raises(NQPError, match=r"directed=True\) requires directed links"):
            nqp.fit(nqp.StaggeredDiD(terms=[term]), panel, SAMPLER, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("column", ["outcome", "time", "cohort"])
def test_nan_of_polars_is_missing(column: str) -> None:
    frame = pl.from_pandas(PANEL.frame[list(ROLES.values())])
    holed = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 0)
        .then(float("nan"))
        .otherwise(pl.col(column).cast(pl.Float64))
        .alias(column)
    )
    table = nqp.Panel.from_table(holed.lazy(), **ROLES)
    assert table.n_rows == len(frame) - (column != "cohort")


class Silent:
    """Takes tasks and gives nothing."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        return None


class Careless(Silent):
    """Gives another answer than that of the task."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        future: Future[int] = Future()
        future.set_result(5)
        return future


@pytest.mark.parametrize(
    ("executor", "words"), [(Silent(), "submit gave None"), (Careless(), "the result of a task is")]
)
def test_an_executor_that_cannot_be_used_is_named(
    executor: Silent, words: str, fit: nqp.Fit
) -> None:
    with nqp.workers(executor), pytest.raises(NQPError, match=words) as caught:
        nqp.check(fit, "leave_out", progress=False)
    assert type(executor).__name__ in str(caught.value)


def test_no_machine_has_a_hundred_thousand_workers() -> None:
    with pytest.raises(NQPError, match=r"100,000 processes"), nqp.workers(100_000):
        pass


def test_numbers_at_their_ends_warn_of_nothing() -> None:
    links = pd.DataFrame(1.0 - np.eye(3), list("abc"), list("abc"))
    near = nqp.spatial_weights.matrix(links)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for size in (5e-324, 1e-308, 1e308):
            matrix = nqp.spatial_weights.matrix(links * size).matrix
            np.testing.assert_allclose(matrix.sum(axis=1), 1.0)
            other = nqp.spatial_weights.matrix(links, label="b")
            mixed = nqp.spatial_weights.composite({near: size, other: size})
            np.testing.assert_allclose(mixed.matrix.toarray(), near.matrix.toarray())
        for low in (-746.0, -708.0):
            assert Weights(np.r_[np.linspace(low, low + 5.0, 99), 0.0]).khat is not None
    frame = PANEL.frame.assign(w=np.where(np.arange(len(PANEL.frame)) % 3, 1.0, 1e-12))
    with pytest.raises(NQPError, match="times smaller than the largest"):
        nqp.Panel.from_frame(frame, **ROLES, weights="w")


def test_a_folder_that_may_not_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    for name in ("stat", "is_symlink", "iterdir"):
        monkeypatch.setattr(Path, name, refuse)
    assert nqp.studies.language_of(tmp_path / "a.toml") == "en"
    for call in (lambda path: nqp.Panel.from_file(path, **ROLES), nqp.studies.validate):
        with pytest.raises(NQPError, match="denied"):
            call(tmp_path / "a.csv")
