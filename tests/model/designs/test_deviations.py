"""Deviations of members are one file: what they are not normal for, row by row and in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy import stats

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import register
from bayes_nqp._core.validation import door
from bayes_nqp.model.codec import decode, encode
from bayes_nqp.model.priors import Deviations, NormalDeviations
from bayes_nqp.numerics.parameters import ScalePrior
from bayes_nqp.studies import json_schema, validate

NUTS = nqp.NUTS(seed=1, draws=300, tune=400, chains=2)


@register("deviations")
@door
@dataclass(frozen=True, slots=True)
class ToyDeviations(Deviations):
    """Student-t deviations, as somebody writes them down who has few minutes."""

    nu: float = 5.0
    scale: float | ScalePrior = 1.0

    @property
    def label(self) -> Message:
        """Name them."""
        return Message("toy")

    def words(self) -> Message:
        """Name the degrees of freedom."""
        return Message("toys of {:,.0f}", self.nu)

    def draw(
        self, generator: np.random.Generator, scale: np.ndarray, members: int, unit: float = 1.0
    ) -> np.ndarray:
        """Student-t numbers times their scale."""
        return np.asarray(generator.standard_t(self.nu, (scale.size, members)) * scale[:, None])

    def variable(self, name: str, scale: Any) -> Any:
        """PyMC's Student-t times their scale."""
        import pymc as pm

        return pm.StudentT(name, nu=self.nu, dims="member") * scale


HEAVY = [nqp.StudentDeviations(4), nqp.Horseshoe(), ToyDeviations()]
MADE = nqp.simulation.staggered(units=14, periods=5, cohorts=(3,), strata={}, seed=2)
HALF = nqp.HalfT(3, 0.5)
# With very many degrees of freedom Student-t deviations are normal.
TOY = nqp.StaggeredDiD(
    nqp.CompletePooling(), nqp.IID(), priors=nqp.Priors(member=ToyDeviations(1e7, HALF))
)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(TOY, MADE.panel, NUTS, progress=False)


# What is drawn is what is sampled


@pytest.mark.parametrize("shape", [NormalDeviations(), *HEAVY], ids=repr)
def test_draws_are_those_of_the_row_model(shape: Deviations) -> None:
    import pymc as pm

    scale, unit, members = 0.3, 2.5, 4000
    ours = shape.draw(np.random.default_rng(1), np.array([scale * unit]), members, unit)[0]
    with pm.Model(coords={"member": np.arange(members)}):
        theirs = pm.draw(shape.variable("u", scale), random_seed=2)
    assert ours.shape == theirs.shape == (members,)
    assert stats.ks_2samp(ours / unit, theirs).pvalue > 1e-3


@pytest.mark.parametrize(
    "shape", [NormalDeviations(), nqp.StudentDeviations(5), nqp.Horseshoe(1.5)], ids=repr
)
def test_their_sd_is_what_they_say(shape: Deviations) -> None:
    unit, scales = 2.0, np.array([0.2, 1.0, 4.0])
    drawn = shape.draw(np.random.default_rng(3), scales, 200_000, unit)
    assert drawn.std(axis=1) == pytest.approx(shape.sd(scales, unit), rel=0.05)


def test_student_deviations_have_the_density_of_a_t_of_variance_one() -> None:
    import pymc as pm

    with pm.Model(coords={"member": [0]}) as model:
        nqp.StudentDeviations(4).variable("z", 1.0)
    x = np.array([-3.0, 0.0, 0.4, 8.0])
    logp = model.compile_logp()
    ours = np.array([logp({"z": np.array([value])}) for value in x])
    assert ours == pytest.approx(stats.t.logpdf(x, 4, scale=np.sqrt(0.5)), abs=1e-8)


def test_scales_move_all_of_them() -> None:
    assert 2.0 * nqp.StudentDeviations(4, HALF) == nqp.StudentDeviations(4, nqp.HalfT(3, 1.0))
    assert nqp.Horseshoe(2.0, 0.1) / 2.0 == nqp.Horseshoe(1.0, 0.05)
    scales = np.array([0.3])
    a, b = (x.draw(np.random.default_rng(1), y, 9) for x, y in (
        (nqp.Horseshoe(2.0), scales), (2.0 * nqp.Horseshoe(2.0), 2.0 * scales)
    ))  # fmt: skip
    assert b == pytest.approx(2.0 * a)


# Where they do not go


@pytest.mark.parametrize("shape", HEAVY, ids=repr)
def test_the_compressed_sampler_refuses_them(shape: Deviations) -> None:
    design = nqp.StaggeredDiD(nqp.CompletePooling(), priors=nqp.Priors(member=shape))
    assert design.facts.by_rows
    with pytest.raises(StudyError) as caught:
        nqp.fit(design, MADE.panel, nqp.Importance(seed=1), progress=False)
    assert "'sampler' is Importance" in str(caught.value)
    assert "nqp.NUTS() with " + type(shape).__name__ in str(caught.value.hint)
    with pytest.raises(StudyError, match=r"'design\.priors\.member' is "):
        nqp.Mediation(design, ["x"])
    # Where nobody deviates they are of nothing.
    none = design.replace(effect=nqp.CompletePooling(varying=None))
    assert none.facts.exact


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: nqp.StudentDeviations(2.0), "'nu' is 2.0"),
        (lambda: nqp.StudentDeviations(4, -1.0), "'scale' of StudentDeviations is -1.0"),
        (lambda: nqp.Horseshoe(0.0), "'slab' is 0.0"),
        (lambda: nqp.Priors(walk=nqp.Horseshoe()), "'walk' is Horseshoe"),
    ],
)
def test_wrong_ones_are_refused_in_words(wrong: Any, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        wrong()


STUDY = """
title = "deviations"
[data]
simulation = "staggered"
options = {{ units = 40, periods = 8, cohorts = [4, 6], seed = 1 }}
[design]
effect = "CompletePooling"
[priors]
member = {}
[sampler]
type = "NUTS"
draws = 200
"""


@pytest.mark.parametrize(
    ("value", "prior"),
    [
        ("'Horseshoe'", nqp.Horseshoe()),
        ("{ type = 'StudentDeviations', nu = 4 }", nqp.StudentDeviations(4)),
        (
            "{ type = 'ToyDeviations', scale = { type = 'HalfT', nu = 3, scale = 0.5 } }",
            ToyDeviations(scale=HALF),
        ),
    ],
)
def test_studies_state_them(value: str, prior: Deviations, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(value), encoding="utf-8")
    assert validate(path).design.priors.member == prior
    assert type(prior).__name__ in json_schema()["definitions"]


# From truth to a report


def test_rows_and_compressed_rows_give_one_posterior(fit: nqp.Fit) -> None:
    """Under a half-t scale, too: means within their Monte-Carlo errors."""
    plain = TOY.replace(priors=nqp.Priors(member=HALF))
    fast = nqp.fit(plain, MADE.panel, nqp.Importance(seed=1, draws=2000), progress=False)
    for name in ("scale_deviation", "sigma", "level", "cell_mean"):
        means, errors = [], []
        for x in (fit, fast):
            values = x.posterior[f"outcome__{name}"].to_numpy()
            values = values.reshape(*values.shape[:2], -1)
            size = array_stats.ess(values, chain_axis=0, draw_axis=1, method="mean")
            means.append(values.mean(axis=(0, 1)))
            errors.append(values.std(axis=(0, 1)) / np.sqrt(size))
        assert np.abs(means[0] - means[1]).max() < 4.5 * np.hypot(*errors).max(), name


@pytest.mark.slow
def test_it_is_fitted_drawn_and_saved(fit: nqp.Fit, tmp_path: Path) -> None:
    draws, truth = nqp.att(fit), float(nqp.att(MADE.truth).mean())
    assert abs(float(draws.mean()) - truth) < 3.0 * float(draws.std())
    again = nqp.load(fit.save(tmp_path / "fit.nc"), panel=MADE.panel)
    assert again.facts.priors == TOY.priors
    assert decode(encode(TOY)) == TOY
    few = nqp.group_time_effects(fit, "superpopulation")["effect"]
    assert np.isfinite(few.to_numpy()).all()
    verdict = nqp.check(fit, "influence", progress=False)
    assert "ToyDeviations" in verdict.sentence


def test_prior_draws_are_of_them() -> None:
    design = TOY.replace(priors=nqp.Priors(member=nqp.StudentDeviations(2.5)))
    prior = nqp.prior_predictive(design, MADE.panel, draws=3000, seed=1)
    drawn = prior["deviation"].to_numpy().reshape(3000, -1)[:, 0]
    ratio = drawn / prior["outcome__scale_deviation"].to_numpy().ravel()
    law = stats.t(2.5, scale=np.sqrt(0.2))
    assert stats.kstest(ratio, law.cdf).pvalue > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "one curve for all (complete pooling), toy random effects by unit",
                "errors: independent;",
                "half-Student-t (3 degrees of freedom) with scale 0.5s for random effects of units",
                "random effects of units are toys of 10,000,000",
                "All parameters were sampled jointly, with the likelihood of each observation",
            ),
        ),
        (
            "zh",
            (
                "toy 随机效应",
                "服从 toys of 10,000,000",
                "半 t（自由度 3）",
            ),
        ),
    ],
    ids=["en", "zh"],
)
def test_reports_say_it_in_its_words(
    fit: nqp.Fit, tmp_path: Path, language: str, said: tuple[str, ...]
) -> None:
    nqp.report(
        fit, tmp_path / "out", checks=[], formats=["html"], language=language, progress=False
    )
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for sentence in said:
        assert sentence in text
    assert "Student-t innovations" not in text
    assert "integrated out exactly" not in text
