"""[data] source: a table that stays in its engine gives the numbers of its rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tomli_w

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError

duckdb = pytest.importorskip("duckdb", reason="without the extra 'tables'")
ROLES: dict[str, Any] = {
    "unit": "firm", "time": "year", "outcome": "y", "cohort": "zone_year", "strata": ["region"],
    "covariates": ["size"],
}  # fmt: skip
UNITS = "single units"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Firms with gaps: a file, the same rows in three, and in a database."""
    folder = tmp_path_factory.mktemp("kept")
    frame = nqp.simulation.staggered(units=200, periods=7, cohorts=(4, 6), seed=5).panel.frame
    rng = np.random.default_rng(1)
    frame = frame.rename(columns={"unit": "firm", "time": "year", "outcome": "y"}).assign(
        year=frame["time"] + 2010, zone_year=frame["cohort"] + 2010,
        size=rng.normal(size=len(frame)),
    )  # fmt: skip
    frame = frame[rng.random(len(frame)) > 0.05].drop(columns="cohort")
    frame.to_parquet(folder / "firms.parquet")
    (folder / "firms").mkdir()
    for k, part in enumerate(np.array_split(np.arange(len(frame)), 3)):
        frame.iloc[part].to_parquet(folder / "firms" / f"{k}.parquet")
    with duckdb.connect(str(folder / "firms.duckdb")) as base:
        base.execute("create table rows as from frame")
    return folder


def study(folder: Path, name: str, **data: Any) -> Path:
    checks = ["convergence", "identification", "placebo_time", "influence"]
    settings = {
        "title": "Firms", "data": {**data, **ROLES}, "checks": {"run": checks},
        "design": {"effect": {"type": "PartialPooling", "strata": ["region"]}},
        "sampler": {"type": "Importance", "seed": 1, "draws": 250},
        "report": {"formats": ["html"]}, "figures": {"draw": []},
    }  # fmt: skip
    path = folder / f"{name}.toml"
    path.write_text(tomli_w.dumps(settings), encoding="utf-8")
    return path


def same(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    assert ours.shape == theirs.shape
    for name in ours:
        if pd.api.types.is_numeric_dtype(ours[name]):
            # R-hat is one of ranks: where two draws are as good as equal, rounding may swap them.
            rtol = 1e-4 if name == "r_hat" else 2e-5
            np.testing.assert_allclose(ours[name], theirs[name], rtol=rtol, atol=1e-6)
        else:
            assert ours[name].astype(str).tolist() == theirs[name].astype(str).tolist(), name


@pytest.mark.slow
def test_from_a_glob_to_a_report_with_the_numbers_of_the_rows(folder: Path) -> None:
    outcomes = [
        nqp.studies.run(study(folder, name, **data), folder / f"out_{name}", progress=False)
        for name, data in (
            ("rows", {"file": "firms.parquet"}),
            ("kept", {"source": "firms/*.parquet", "memory": "500MB"}),
        )
    ]
    rows, kept = outcomes
    asked = []
    for ours, theirs in zip(rows.checks, kept.checks, strict=True):
        if theirs.verdict == "not applicable":
            assert UNITS in str(theirs.sentence)
            asked.append(theirs.name)
        else:
            assert (ours.verdict, str(ours.figure)) == (theirs.verdict, str(theirs.figure))
    assert asked == ["influence"]
    assert rows.tables.keys() == kept.tables.keys()
    for name, table in rows.tables.items():
        if name != "checks.csv":
            same(table, kept.tables[name])
    report = (folder / "out_kept" / "report" / "report.html").read_text(encoding="utf-8")
    assert "were aggregated in their engine (duckdb" in report
    assert UNITS in report
    record = json.loads((folder / "out_kept" / "provenance.json").read_text(encoding="utf-8"))
    assert record["data"]["source"] == "firms/*.parquet"
    assert record["data"]["rows"] == rows.study.panel.n_rows
    again = nqp.studies.validate(folder / "out_kept" / "study.toml")
    assert again.panel.n_rows == kept.study.panel.n_rows


def test_a_table_of_a_database_and_a_variable_that_names_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = nqp.studies.validate(study(folder, "base", source="duckdb:firms.duckdb#rows"))
    monkeypatch.setenv("FIRMS_URL", str(folder / "firms" / "*.parquet"))
    named = nqp.studies.validate(study(folder, "named", source="env:FIRMS_URL", by=["region"]))
    np.testing.assert_allclose(named.panel.outcome, base.panel.outcome, atol=1e-9)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (
            {"source": "postgres://me:secret@host/base#rows"},
            StudyError,
            "a user name or a password",
        ),
        ({"source": "firms/*.parquet", "file": "firms.parquet"}, StudyError, "exactly one"),
        ({"file": "firms.parquet", "by": ["size"]}, StudyError, "'data.by' requires 'data.source'"),
        ({"source": "firms/*.parquet", "derive": {"x": "log(y)"}}, StudyError, "'data.derive'"),
        (
            {"source": "firms/*.parquet", "weights": "size"},
            StudyError,
            "'data.weights' requires",
        ),
        ({"source": "none/*.parquet"}, PanelError, "cannot be read"),
        ({"source": "duckdb:firms.duckdb#none"}, PanelError, "cannot be read"),
        ({"source": "firms/*.parquet", "memory": "much"}, PanelError, "cannot be read"),
        ({"source": "env:NOT_SET_ANYWHERE"}, StudyError, "does not contain an address"),
    ],
)
def test_what_a_source_cannot_be_is_said(
    folder: Path, data: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        nqp.studies.validate(study(folder, "bad", **data))
    assert "secret" not in str(caught.value)
