"""A term is one file: one of outside goes all the way, and a real one can be taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from dense import Dense
from doors import Context, methods
from random_panels import random_panel
from same_density import assert_dense
from tools.toys.term import Seasons

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import register
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.codec import decode, encode
from bayes_nqp.model.designs import Calendar, Facts, Term, Timing, saturated_design
from bayes_nqp.model.pooling import CompletePooling, PartialPooling
from bayes_nqp.model.predictors import BARE


@register("terms")
@dataclass(frozen=True, slots=True)
class LateStart(Term):
    """Effects begin a period later, and cells of their own need no such thing; units stay whole."""

    with_channels = False

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Say when effects begin."""
        return Message("Effects begin a period after adoption.")

    @property
    def question(self) -> Message:
        """Ask for an earlier start."""
        return Message("Did effects begin at once?")

    def rows(self, panel: nqp.Panel) -> nqp.Panel:
        """Leave out the first period."""
        return panel.where(panel.time_codes > 0)

    def timing(self, timing: Timing, facts: Facts, panel: nqp.Panel) -> Timing:
        """Make controls of first periods."""
        assert isinstance(timing, Calendar)
        first = timing.origin == np.arange(panel.periods)
        return replace(timing, role=np.where(first, BARE, timing.role))

    def flat(self, *, leads: bool) -> None:
        """Leave it out."""
        return


DESIGN = nqp.StaggeredDiD(
    PartialPooling(varying=None), nqp.AR1(), unidentified="drop", terms=[Seasons()]
)
SAMPLER = nqp.Importance(draws=200, chains=2, seed=1)


class DenseSeasons(Dense):
    """Its rows, written densely."""

    def covariance(self, p: Mapping[str, float]) -> np.ndarray:
        """Add ``sd² cos(2 pi (t - t') / 4)`` within regions."""
        same = self.strata["region"][:, None] == self.strata["region"]
        apart = self.time[:, None] - self.time
        wave = same * np.cos(0.5 * np.pi * apart)
        return super().covariance(p) + p["scale_season"] ** 2 * wave


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(DESIGN, random_panel(1), SAMPLER, progress=False)


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_its_density_is_the_dense_one(missing: float) -> None:
    panel = random_panel(2, missing=missing)
    problem = model_frame_of(DESIGN, panel).equations[0].gaussian
    assert "scale_season" in problem.space.names
    assert_dense(problem, DenseSeasons(DESIGN, panel).log_likelihood, 0.5, 6, rel=1e-9, abs=1e-8)


def test_it_is_fitted_saved_and_reported(fit: nqp.Fit, tmp_path: Path) -> None:
    assert "outcome__scale_season" in fit.posterior
    assert nqp.load(fit.save(tmp_path / "fit.nc")).facts.term(Seasons) == Seasons()
    texts = [getattr(block, "text", "") for block in methods(Context(fit, ()))]
    assert "Units of a region share a season of 4 periods." in texts
    assert decode(encode(DESIGN)) == DESIGN
    assert nqp.check(fit, "error_model", progress=False).verdict != "not applicable"


def test_one_that_nobody_registered_is_told_how() -> None:
    @dataclass(frozen=True, slots=True)
    class Nameless(Seasons):
        pass

    with pytest.raises(StudyError, match=r'@register\("terms"\)'):
        encode(nqp.StaggeredDiD(terms=[Nameless()]))


def test_it_may_leave_out_rows_and_move_the_calendar() -> None:
    panel = random_panel(3)
    design = DESIGN.replace(terms=(Seasons(), LateStart()))
    model = design.spec(panel)
    assert model.panel.periods == panel.periods - 1
    assert isinstance(model.timing, Calendar)
    treated = model.timing.role != BARE
    assert not (treated & (model.timing.origin == np.arange(model.panel.periods))).any()
    assert saturated_design(design, panel).facts.terms == (Seasons(),)
    with pytest.raises(StudyError, match=r"cannot be combined with the current 'design\.terms'"):
        nqp.Mediation(design, ["x"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"terms": [nqp.ClusterTimeEffects("city")]}, "fills 'shocks'"),
        ({"shocks": Seasons()}, "fills 'terms'"),
        ({"terms": "seasons"}, "'terms' is 'seasons'"),
        ({"terms": Seasons}, "'terms' is"),
    ],
)
def test_terms_stand_where_they_belong(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        nqp.StaggeredDiD(CompletePooling(), **arguments)  # type: ignore[arg-type]
