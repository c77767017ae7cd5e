"""Addresses of tables: what they say, and what is never shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from doors import Address, opened, redacted

from bayes_nqp._core.exceptions import PanelError, StudyError


@pytest.mark.parametrize(
    ("text", "kind", "place", "table"),
    [
        ("firms/*.parquet", "files", "firms/*.parquet", ""),
        ("s3://bucket/firms/*.parquet", "files", "s3://bucket/firms/*.parquet", ""),
        ("duckdb:data/firms.duckdb#main.rows", "database", "data/firms.duckdb", "main.rows"),
        ("postgres://db.example.org/firms#rows", "url", "postgres://db.example.org/firms", "rows"),
        ("env:FIRMS_URL", "variable", "FIRMS_URL", ""),
    ],
)
def test_an_address_is_read_and_written(text: str, kind: str, place: str, table: str) -> None:
    address = Address.of(text)
    assert (address.kind, address.place, address.table) == (kind, place, table)
    assert str(address) == text


def test_paths_of_files_move_with_the_study_and_no_others() -> None:
    def beside(path: str) -> str:
        return f"study/{path}"

    assert str(Address.of("a/*.parquet").moved(beside)) == "study/a/*.parquet"
    assert str(Address.of("duckdb:a.duckdb#rows").moved(beside)) == "duckdb:study/a.duckdb#rows"
    for text in ("s3://b/a.parquet", "env:FIRMS", "postgres://h/b#rows"):
        assert str(Address.of(text).moved(beside)) == text
    assert Address.of("a/b*/c.parquet").folder == Path("a")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("postgres://me:secret@host/base#rows", "contains a user name or a password"),
        ("postgres://me@host/base#rows", "contains a user name or a password"),
        ("duckdb:firms.duckdb", "does not give a table"),
        ("firms.xyz", "is not a readable table"),
    ],
)
def test_what_is_no_address_is_refused_and_no_password_is_shown(text: str, words: str) -> None:
    with pytest.raises((StudyError, PanelError), match=words) as caught:
        Address.of(text)
    assert "secret" not in str(caught.value)


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIRMS_URL", raising=False)
    with pytest.raises(StudyError, match="environment variable 'FIRMS_URL'"):
        Address.of("env:FIRMS_URL").found()


@pytest.mark.parametrize(
    "text",
    [
        "no route to postgresql://me:secret@host:5432/base?sslkey=secret",
        "login failed: user=secret password: secret",
        "https://host/rows.parquet?signature=secret not found",
    ],
)
def test_words_of_drivers_are_shown_without_secrets(text: str) -> None:
    assert "secret" not in redacted(text)


def test_what_cannot_be_read_hides_the_address_that_a_variable_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("duckdb", reason="without the extra 'tables'")
    monkeypatch.setenv("FIRMS_URL", str(tmp_path / "hidden" / "rows.parquet"))
    with pytest.raises(PanelError, match="env:FIRMS_URL") as caught, opened("env:FIRMS_URL", None):
        pass
    assert "hidden" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize(
    "text", ["{}/rows.csv", "{}/*.csv", "{}/rows.parquet", "duckdb:{}/a.duckdb#x"]
)
def test_a_pipe_is_refused_before_an_engine_waits_for_it(text: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="without the extra 'tables'")
    for name in ("rows.csv", "rows.parquet", "a.duckdb"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(PanelError, match="is a pipe"), opened(text.format(tmp_path), None):
        pass
