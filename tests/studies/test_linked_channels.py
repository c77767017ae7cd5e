"""Channels between units in a study: weights by their name."""

from __future__ import annotations

from pathlib import Path

import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.studies import validate

TEXT = (Path(__file__).parents[2] / "models" / "linked_channels.toml").read_text("utf-8")


def written(folder: Path, text: str) -> Path:
    """The study that ships, smaller and with other words."""
    text = text.replace("units = 200", "units = 40\nperiods = 6\ncohorts = [4]")
    path = folder / "study.toml"
    path.write_text(text.replace('formats = ["html"]', ""), encoding="utf-8")
    return path


@pytest.mark.slow
def test_links_are_weights_of_the_study(tmp_path: Path) -> None:
    text = TEXT[: TEXT.index("[checks]")] + "[checks]\nrun = []\n[figures]\ndraw = []\n"
    outcome = nqp.studies.run(written(tmp_path, text), tmp_path / "results", progress=False)
    assert outcome.fit.facts.links
    assert outcome.fit.design.links == outcome.fit.design.design.spillovers.weights
    assert 'links = "near"' in (tmp_path / "results" / "study.toml").read_text(encoding="utf-8")
    truth = outcome.tables["truth.csv"]
    assert {"direct", "digital", "received", "total"} <= set(truth["path"])


def test_links_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"\[space.weights\] contains no table"):
        validate(written(tmp_path, TEXT.replace('links = "near"', 'links = "far"')))
