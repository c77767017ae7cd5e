"""A likelihood with Gaussian approximations is one file: one of outside goes all the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from counted import counted, panel_of
from scipy import stats

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import register
from bayes_nqp._core.validation import door
from bayes_nqp._core.vocabulary import Link
from bayes_nqp.inference.fitting._approximation import Observations, approximate
from bayes_nqp.inference.fitting._correction import Correction
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.likelihoods import Likelihood
from bayes_nqp.numerics.linear_gaussian import draw

Array = npt.NDArray[np.float64]


@door
@dataclass(frozen=True, slots=True)
class Geometric(Likelihood):
    """Numbers of failures before a success, with mean ``e^o``."""

    link: ClassVar[Link] = "log"
    approximated: ClassVar[bool] = True
    scale: ClassVar[float | None] = 0.4
    label: ClassVar[Message] = Message("geometric")

    def density(
        self, name: str, location: Any, spread: Any, values: Sequence[Any], **rows: Any
    ) -> None:
        """``e^(y o) (1 + e^o)^-(y + 1)``; PyMC counts trials."""
        import pymc as pm

        pm.NegativeBinomial(name, mu=pm.math.exp(location), alpha=1.0, **rows)

    def observed(
        self, outcome: Array, values: Sequence[Array], generator: np.random.Generator, **given: Any
    ) -> Array:
        """Numbers of failures."""
        return generator.geometric(1.0 / (1.0 + np.exp(outcome))) - 1.0

    def log_density(self, outcome: Array, latent: Array, **given: Any) -> Array:
        """``y o - (y + 1) log(1 + e^o)``."""
        return np.asarray(outcome * latent - (outcome + 1.0) * np.logaddexp(0.0, latent))

    def slopes(self, outcome: Array, latent: Array, **given: Any) -> tuple[Array, Array]:
        """``y - (y + 1) p`` and ``(y + 1) p (1 - p)``, ``p = e^o / (1 + e^o)``."""
        p = 1.0 / (1.0 + np.exp(-latent))
        return outcome - (outcome + 1.0) * p, (outcome + 1.0) * p * (1.0 - p)

    def start(self, outcome: Array, **given: Any) -> Array:
        """``log(y + 1/2)``."""
        return np.log(outcome + 0.5)

    def impossible(
        self, outcome: Array, **given: Any
    ) -> tuple[npt.NDArray[np.bool_], Message, Message]:
        """Whole numbers from zero up."""
        return outcome != abs(outcome.round()), Message("no counts"), Message("counts")

    def informative(self, outcome: Array, groups: Array, **given: Any) -> npt.NDArray[np.bool_]:
        """Some failures."""
        return np.asarray((np.bincount(groups, outcome) > 0)[groups])

    def words(self, errors: str) -> Message:
        """Errors of the log mean."""
        return Message("{} of the log mean", errors)


register("likelihood")(Geometric)
DESIGN = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), likelihood=Geometric())


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    df = counted(24, 7, level=2.0, effect=1.0, seed=4)
    return panel_of(df.assign(y=np.random.default_rng(1).poisson(
        df["y"] * np.random.default_rng(2).exponential(size=len(df))
    ).astype(float)))  # fmt: skip


@pytest.fixture(scope="module")
def fit(panel: nqp.Panel) -> nqp.Fit:
    return nqp.fit(DESIGN, panel, nqp.Importance(seed=1, draws=250), progress=False)


def test_truth_is_found(fit: nqp.Fit) -> None:
    draws = nqp.att(fit)
    assert abs(float(draws.mean()) - 1.0) < 3.0 * float(draws.std())
    assert fit.gate.passed, fit.gate
    assert float(nqp.relative_effects(fit).mean()) > 0.5


def test_weights_are_their_integrals(panel: nqp.Panel) -> None:
    """The level does not integrate out in closed form: it is summed on a grid instead."""
    observations = Observations.of(model_frame_of(DESIGN, panel))
    found = approximate(observations)
    problem, s, rng = found.equation.gaussian, observations.raw.scale, np.random.default_rng(3)
    coefficients = draw(problem, found.point[None], rng)
    correction = Correction(observations, found, np.random.default_rng(4), size=256)
    ours = correction.by_unit(found.point[None], coefficients)[0][0]
    grid, units, values = observations.grid, correction.units[:3], problem.values(found.point[None])
    y, offset = grid(observations.outcome)[units], grid(observations.offset)[units]
    z, v = grid(found.outcome)[units], grid(found.variances)[units]
    eta, periods = grid(observations.expected(coefficients))[0, units], y.shape[1]
    law = problem.noise.covariance(periods, values.noise)[0] * values.sigma[0] ** 2
    errors = rng.standard_normal((1000, periods)) @ np.linalg.cholesky(law).T
    for i in range(len(units)):
        levels = np.linspace(-15.0, 15.0, 151)  # multiples of s
        level = levels + (z[i] - eta[i]).mean()
        latent = eta[i] + errors[:, None] + level[:, None]
        log_p = stats.nbinom.logpmf(y[i], 1, 1.0 / (1.0 + np.exp(s * latent + offset[i])))
        p = np.exp(log_p.sum(axis=-1)).sum(axis=1) * (levels[1] - levels[0])
        q, r = np.linalg.inv(law + np.diag(v[i])), z[i] - eta[i]
        one = q.sum(axis=1)
        energy = r @ q @ r - (one @ r) ** 2 / one.sum()
        log_z = 0.5 * np.linalg.slogdet(q)[1] - 0.5 * np.log(one.sum()) - 0.5 * energy
        log_z -= 0.5 * (periods - 1) * np.log(2.0 * np.pi)
        error = p.std() / p.mean() / np.sqrt(p.size)
        assert abs(ours[i] - (np.log(p.mean()) - log_z)) < 4.0 * error + 0.02


def test_it_is_refused_and_stated(panel: nqp.Panel, fit: nqp.Fit, tmp_path: Path) -> None:
    with pytest.raises(PanelError, match="no counts"):
        model_frame_of(DESIGN, panel.with_outcome(panel.outcome + 0.5))
    assert nqp.load(fit.save(tmp_path / "fit.nc")).facts.likelihood == Geometric()
    table = nqp.table(fit.effects, "effects").to_markdown()
    assert "Additional events" in table
    assert "log points" in table


def test_an_incomplete_one_is_refused(panel: nqp.Panel) -> None:
    @door
    @dataclass(frozen=True, slots=True)
    class Shapeless(Geometric):
        def start(self, outcome: Array, **given: Any) -> Array:
            """One number for all."""
            return np.zeros(1)

    with pytest.raises(StudyError, match="start"):
        model_frame_of(DESIGN.replace(likelihood=Shapeless()), panel)
