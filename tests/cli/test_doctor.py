"""What a report of a fault needs is said, and what does not work is called so."""

from __future__ import annotations

from typing import Any

import pytest

from bayes_nqp._core import software
from bayes_nqp.cli import _doctor, main


def run(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["bayes-nqp", "doctor"])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


@pytest.mark.slow
def test_a_sound_machine_is_told_part_by_part(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    assert run(monkeypatch) == 0
    lines = dict(
        x.split(maxsplit=1) for x in capfd.readouterr().out.splitlines() if "extra" not in x
    )
    assert lines["bayes-nqp"] == software.versions()["bayes-nqp"]
    assert "gate passed" in lines["fit"]
    assert "!" not in lines


def test_what_is_not_there_and_what_is_wrong_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    there = software._is_there
    monkeypatch.setattr(software, "_is_there", lambda name: name != "geopandas" and there(name))
    monkeypatch.setattr(_doctor, "_FAR", 0.0)
    assert run(monkeypatch) == 1
    out, err = capfd.readouterr()
    assert "without geopandas: pip install 'bayes-nqp[space]'" in out
    assert "! fit" in out
    assert "not well: fit" in err


def test_extras_are_those_of_the_package() -> None:
    extras = {
        "cluster", "data", "estimators", "formats", "notebook", "nuts", "report", "space", "studio",
        "tables",
    }  # fmt: skip
    assert set(software.lacking()) == extras
