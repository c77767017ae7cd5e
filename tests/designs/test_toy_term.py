"""A term is one file: one of outside goes all the way, and a real one can be taken away."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from dense import Dense
from doors import Context, methods
from random_panels import random_panel
from tools.toys.term import Seasons

import bayes_nqp as nqp
from bayes_nqp.codec import decode, encode
from bayes_nqp.designs import Calendar, Facts, Term, Timing, saturated_design
from bayes_nqp.errors import StudyError
from bayes_nqp.gaussian import density
from bayes_nqp.language import Message
from bayes_nqp.planning import plan_of
from bayes_nqp.pooling import Complete, Partial
from bayes_nqp.registry import register
from bayes_nqp.terms import BARE

PACKAGE = Path(nqp.__file__).parent


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


DESIGN = nqp.StaggeredDiD(Partial(varying=None), nqp.AR1(), unidentified="drop", terms=[Seasons()])
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
    problem = plan_of(DESIGN, panel).equations[0].gaussian
    reference = DenseSeasons(DESIGN, panel)
    points = 0.5 * np.random.default_rng(1).standard_normal((6, len(problem.space)))
    assert "scale_season" in problem.space.names
    ours = density(problem, points) - problem.space.log_prior(points)
    theirs = [
        reference.log_likelihood(dict(zip(problem.space.names, row, strict=True)))
        for row in problem.space.constrain(points)
    ]
    assert np.diff(ours) == pytest.approx(np.diff(theirs), rel=1e-9, abs=1e-8)


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
    with pytest.raises(StudyError, match=r"'design\.terms' lets the policy reach"):
        nqp.Mediation(design, ["x"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"terms": [nqp.SharedShocks("city")]}, "fills 'shocks'"),
        ({"shocks": Seasons()}, "fills 'terms'"),
        ({"terms": "seasons"}, "'terms' is 'seasons'"),
        ({"terms": Seasons}, "'terms' is"),
    ],
)
def test_terms_stand_where_they_belong(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        nqp.StaggeredDiD(Complete(), **arguments)  # type: ignore[arg-type]


WITHOUT = """
import bayes_nqp as nqp
from bayes_nqp.registry import registered
from bayes_nqp.studies import json_schema

assert not registered("shocks")
assert "SharedShocks" not in str(json_schema()["definitions"])
panel = nqp.simulation.staggered(units=30, periods=7, cohorts=(4, 5), strata={}, seed=1).panel
sampler = nqp.Importance(draws=100, chains=2, seed=1)
fit = nqp.fit(nqp.StaggeredDiD(nqp.Complete()), panel, sampler, progress=False)
results = [nqp.check(fit, "error_model", progress=False)]
nqp.report(fit, "out", checks=results, formats=["html"], progress=False)
try:
    nqp.StaggeredDiD(shocks="province")
except nqp.errors.StudyError as error:
    print(error, nqp.__file__)
"""


def test_a_term_can_be_taken_away(tmp_path: Path) -> None:
    """Without its file the library fits, checks and reports, and refuses what would fill it."""
    shutil.copytree(PACKAGE, tmp_path / "bayes_nqp", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "bayes_nqp" / "designs" / "terms" / "_shocks.py").unlink()
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT], cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert "'shocks' is 'province'" in finished.stdout
    assert str(tmp_path) in finished.stdout
    assert (tmp_path / "out" / "report.html").exists()
