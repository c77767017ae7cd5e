"""Any study can be validated or is refused in words; a valid one is never refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from fuzzing import Tally, assert_worded
from hypothesis import given, settings
from hypothesis import strategies as st
from random_studies import BASE, edited, edits, slips, valid_studies
from small_study import city_rows

from bayes_nqp._core.exceptions import IdentificationError, NQPError, PanelError, StudyError
from bayes_nqp.studies import titles, validate

MODELS = Path(__file__).resolve().parents[2] / "models"
TABLES = ("data", "index", "design", "channels", "priors", "sampler", "report", "checks", "title")
LONGEST = 2500
"""Characters of a message, beyond which nobody reads it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("studies")
    city_rows().to_csv(made / "cities.csv", index=False, encoding="utf-8-sig")
    return made


def outcome(path: Path, *names: str) -> str:
    """Validate a study, and tell what became of it."""
    try:
        validate(path)
    except NQPError as error:
        refused = error
    else:
        return "valid"
    assert type(refused) in (StudyError, PanelError, IdentificationError)
    assert_worded(refused, *names)
    text = str(refused)
    assert len(text) < LONGEST, text[:500]
    assert "pydantic" not in text
    assert "validation error" not in text
    return type(refused).__name__


@pytest.mark.slow
def test_a_valid_study_is_never_refused(folder: Path) -> None:
    tally = Tally("valid studies")

    @settings(max_examples=60)
    @given(valid_studies(), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"]))
    def taken(study: dict[str, Any], end: str, mark: str) -> None:
        path = folder / "valid.toml"
        text = mark + tomli_w.dumps(study).replace("\n", end)
        path.write_bytes(text.encode("utf-8"))
        validate(path)
        tally.count("valid and accepted")

    taken()
    tally.require("valid and accepted", 1)


def test_a_slip_is_said_with_its_key_or_harmless(folder: Path) -> None:
    tally = Tally("studies with slips")

    @settings(max_examples=150)
    @given(slips())
    def said(slip: tuple[dict[str, Any], list[str]]) -> None:
        study, names = slip
        path = folder / "slip.toml"
        path.write_text(tomli_w.dumps(study), encoding="utf-8")
        tally.count(outcome(path, *names, *TABLES))

    said()
    tally.require("StudyError", 0.3)


@pytest.mark.slow
def test_bytes_of_the_bundled_studies_may_be_anything(folder: Path) -> None:
    tally = Tally("bytes of studies")
    models = {path.name: path.read_bytes() for path in sorted(MODELS.glob("*.toml"))}
    models["small.toml"] = tomli_w.dumps(BASE).encode("utf-8")
    # What simulates thousands of rows is cut short where its bytes are whole.
    light = [name for name, raw in models.items() if b"simulation" not in raw]

    @settings(max_examples=120)
    @given(st.sampled_from(light), edits())
    def read(name: str, changes: list[tuple[str, float, bytes]]) -> None:
        path = folder / "bytes.toml"
        path.write_bytes(edited(models[name], changes))
        tally.count(outcome(path))

    read()
    tally.require("StudyError", 0.3)


@pytest.mark.slow
def test_names_of_files_may_be_odd(folder: Path) -> None:
    tally = Tally("names of studies")
    names = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=40)

    @settings(max_examples=60)
    @given(names.filter(lambda name: name not in (".", "..")))
    def named(name: str) -> None:
        try:
            path = folder / f"{name}.toml"
            path.write_text(tomli_w.dumps(BASE), encoding="utf-8")
        except (OSError, UnicodeEncodeError):
            path = Path(f"{name}.toml")
            assert outcome(path) == "StudyError"
            tally.count("not there")
            return
        try:
            assert path in titles(folder)
            text = os.fsencode(path.name).decode("utf-8", "replace")
            fate = outcome(path)
            assert fate == ("StudyError" if "\ufffd" in text and "\ufffd" not in name else "valid")
            tally.count(fate)
        finally:
            path.unlink()

    named()
    tally.require("valid", 0.5)
