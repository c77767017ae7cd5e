"""A pooling is one file: one of outside goes all the way, and a real one can be taken away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import register
from bayes_nqp._core.validation import door
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.codec import decode, encode
from bayes_nqp.model.pooling import Piece, Pooling
from bayes_nqp.studies import json_schema

SAMPLER = nqp.Importance(draws=250, chains=2, seed=1)


@door
@dataclass(frozen=True, slots=True)
class Cohorts(Pooling):
    """Cohorts around one curve."""

    pieces: ClassVar[frozenset[Piece]] = frozenset({"curve", "cohort"})
    label: ClassVar[Message] = Message("by cohort")
    phrase: ClassVar[Message] = Message("cohorts around one curve")

    varying: str | None = None

    @property
    def factors(self) -> tuple[str, ...]:
        """None."""
        return ()


register("pooling")(Cohorts)
MADE = nqp.simulation.staggered(units=80, periods=9, cohorts=(4, 6, 7), strata={}, seed=3)
DESIGN = nqp.StaggeredDiD(Cohorts())


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(DESIGN, MADE.panel, SAMPLER, progress=False)


def test_its_pieces_are_what_an_effect_is_made_of(fit: nqp.Fit) -> None:
    equation = model_frame_of(DESIGN, MADE.panel).equations[0]
    effects = {part.name for part in equation.globals if part.place == "cells"}
    assert effects == {"level", "drift", "walk", "cohort"}
    assert not [part for part in equation.locals if part.place == "cells"]
    draws, truth = nqp.att(fit), float(nqp.att(MADE.truth).mean())
    assert abs(float(draws.mean()) - truth) < 3.0 * float(draws.std())
    # Cells of a cohort at one event time are one another's.
    effect = fit.effects["effect"].to_numpy().reshape(-1, fit.effects.sizes["cell"])
    cohorts, events = (fit.effects[x].to_numpy() for x in ("cohort", "event_time"))
    a, b = (np.flatnonzero((cohorts == c) & (events == 0))[0] for c in np.unique(cohorts)[:2])
    c, d = (np.flatnonzero((cohorts == c) & (events == 1))[0] for c in np.unique(cohorts)[:2])
    gap = effect[:, b] - effect[:, a] - (effect[:, d] - effect[:, c])
    np.testing.assert_allclose(gap, 0.0, atol=1e-10)


@pytest.mark.slow
def test_it_is_saved_stated_and_found_by_studies(fit: nqp.Fit, tmp_path: Path) -> None:
    assert nqp.load(fit.save(tmp_path / "fit.nc")).facts.pooling == Cohorts()
    assert decode(encode(DESIGN)) == DESIGN
    assert "Cohorts" in str(json_schema())
    with pytest.raises(nqp.errors.StudyError, match=r"Cohorts\(\)"):
        nqp.StaggeredDiD("cohorts")  # type: ignore[arg-type]
    table = nqp.check(fit, "specifications", progress=False).evidence
    assert "partial pooling" in table["specification"]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_reports_say_it_in_its_words(fit: nqp.Fit, tmp_path: Path, language: str) -> None:
    nqp.report(
        fit, tmp_path / "out", checks=[], formats=["html"], language=language, progress=False
    )
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "cohorts around one curve" in text
    others = ("complete pooling", "partial pooling", "完全合并", "部分合并")
    assert not [x for x in others if x in text]
