"""An error structure of one's own: its mistakes are seen, and it is called what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from doors import Context, methods
from moving_average import MovingAverage

import bayes_nqp as nqp
from bayes_nqp._core import plugins as registry
from bayes_nqp._core.exceptions import ArgumentError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import registered
from bayes_nqp.model.errors import AR1, Noise
from bayes_nqp.numerics.parameters import Correlation, HalfNormal, Normal, Parameter

PERIODS = 6
PANEL = nqp.simulation.staggered(units=20, periods=PERIODS, cohorts=(4,), seed=1).panel
LENGTH = Parameter("length", HalfNormal(2.0), in_outcome_units=False)


@dataclass(frozen=True, slots=True)
class Decay(Noise):
    """Correlations fall by a length of memory: AR(1) with ``rho = exp(-1 / length)``."""

    priors: tuple[Parameter, ...] = (LENGTH,)
    cov: Callable[[int, np.ndarray], np.ndarray] | None = None

    def parameters(self, n_periods: int, priors: nqp.Priors) -> tuple[Parameter, ...]:
        return self.priors

    def covariance(self, n_periods: int, values: np.ndarray) -> np.ndarray:
        if self.cov is not None:
            return self.cov(n_periods, values)
        return AR1().covariance(n_periods, np.exp(-1.0 / values[:, :1]))


# Mistakes


def named(*names: str) -> Decay:
    return Decay(tuple(Parameter(name, HalfNormal(2.0)) for name in names))


@pytest.mark.parametrize(
    ("errors", "fault", "hint"),
    [
        (Decay(cov=lambda n, v: np.eye(n)), "its covariance has shape (6, 6)", "(2, 6, 6)"),
        (Decay(cov=lambda n, v: np.eye(n)[None]), "shape (1, 6, 6)", "values[:, 0, None, None]"),
        (
            Decay(cov=lambda n, v: np.full((len(v), n, n), np.nan)),
            "its covariance at length = 2 is not finite",
            "a finite one",
        ),
        (
            Decay(cov=lambda n, v: np.ones((len(v), n, n))),
            "its covariance at length = 2 is not symmetric and positive definite",
            "a variance for every period",
        ),
        (
            Decay(cov=lambda n, v: np.eye(n) + 0.1 * v[:, :, None] * np.eye(n, k=1)),
            "is not symmetric",
            "a variance for every period",
        ),
        (named("length", "length"), "two of its parameters are called 'length'", "of its own"),
        (named("sigma"), "a parameter of it is called 'sigma'", "another name"),
        (named("scale_cell"), "a parameter of it is called 'scale_cell'", "another name"),
        (Decay(LENGTH), "its parameters are Parameter(", "a tuple of Parameter"),  # type: ignore[arg-type]
    ],
)
def test_mistakes_are_seen_when_a_plan_is_made(errors: Decay, fault: str, hint: str) -> None:
    with pytest.raises(StudyError) as caught:
        nqp.fit(nqp.StaggeredDiD(nqp.CompletePooling(), errors), PANEL, progress=False)
    assert "'errors' is " in str(caught.value)
    assert fault in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_half_normals_have_a_positive_scale(scale: float) -> None:
    with pytest.raises(StudyError, match="'scale' of HalfNormal") as caught:
        HalfNormal(scale)
    assert "above 0" in caught.value.hint


# Words


MEANING = Message("the length of memory, in periods,")
ENGLISH = [
    (LENGTH, "the prior of length is half-normal with scale 2"),
    (
        Parameter("length", HalfNormal(2.0), False, meaning=MEANING),
        "the length of memory, in periods, is half-normal with scale 2",
    ),
    (Parameter("drop", Normal(0.5)), "the prior of drop is normal with sd 0.5"),
    (Parameter("drop", Normal(0.5), meaning=Message("the drop")), "the drop is normal with sd 0.5"),
    (Parameter("phi", Correlation(2, 3)), "the prior of (1 + phi)/2 is Beta(2, 3)"),
]
CHINESE = [
    (nqp.AR1PlusNoise(), "自相关系数 ρ 经 (1 + ρ)/2 变换后服从 Beta(3, 2) 分布；"
     "噪声与新息标准差之比服从尺度为 1 的半正态分布"),
    (Decay(), "length 的先验服从尺度为 2 的半正态分布"),
]  # fmt: skip


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """A fit with errors that no file of the library knows."""
    design = nqp.StaggeredDiD(nqp.CompletePooling(), Decay())
    return nqp.fit(design, PANEL, nqp.Importance(draws=50, chains=2, seed=1), progress=False)


def stated(fit: nqp.Fit, errors: Noise, language: str) -> str:
    """Methods of a fit with these errors, without observations and hence without an average."""
    fit = replace(fit, design=fit.design.replace(errors=errors), panel=None)
    return "\n".join(getattr(block, "text", "") for block in methods(Context(fit, (), language)))


@pytest.mark.parametrize(("parameter", "sentence"), ENGLISH)
def test_priors_are_worded_by_what_a_parameter_is(
    fit: nqp.Fit, parameter: Parameter, sentence: str
) -> None:
    text = stated(fit, Decay((parameter,)), "en")
    assert f"; {sentence}." in text
    assert "noise to innovations" not in text


@pytest.mark.parametrize(("errors", "sentence"), CHINESE)
def test_in_chinese_too(fit: nqp.Fit, errors: Noise, sentence: str) -> None:
    assert f"；{sentence}" in stated(fit, errors, "zh")


def test_errors_of_the_library_are_worded_as_ever(fit: nqp.Fit) -> None:
    sentence = (
        "; (1 + ρ)/2 of their autocorrelation is Beta(3, 2); "
        "the ratio of noise to innovations is half-normal with scale 1."
    )
    assert sentence in stated(fit, nqp.AR1PlusNoise(), "en")


# The door, hints and files


def test_every_structure_refuses_wrong_arguments_in_words() -> None:
    kinds = registered("errors")
    assert {"AR1", "AR1PlusNoise", "IID", "MovingAverage"} <= set(kinds)
    for name, kind in kinds.items():
        words = (
            "'errors' is 0.5"
            if name == "Heteroskedastic"
            else f"{name} was given 1 positional arguments"
        )
        with pytest.raises(ArgumentError, match=f"^{words}"):
            kind(0.5)
        with pytest.raises(ArgumentError, match=f"^{name} has no argument 'unknown'"):
            kind(unknown=1)


@pytest.mark.parametrize("errors", ["MovingAverage", MovingAverage])
def test_hints_know_structures_of_ones_own(errors: object) -> None:
    for call in (nqp.StaggeredDiD, lambda **how: nqp.ContinuousExposure("dose", **how)):
        with pytest.raises(ArgumentError) as caught:
            call(errors=errors)
        assert caught.value.hint == "MovingAverage() with brackets"


@pytest.mark.parametrize("errors", ["AR1PlusNoise", nqp.AR1PlusNoise])
def test_hints_know_those_of_the_library(errors: object) -> None:
    with pytest.raises(ArgumentError) as caught:
        nqp.StaggeredDiD(errors=errors)
    assert caught.value.hint == "nqp.AR1PlusNoise() with brackets"


def test_other_values_are_told_all_structures() -> None:
    with pytest.raises(ArgumentError) as caught:
        nqp.StaggeredDiD(errors=5)
    for name in ("nqp.AR1()", "nqp.AR1PlusNoise()", "nqp.IID()", " MovingAverage()"):
        assert name in caught.value.hint


def test_files_say_how_they_can_hold_it(fit: nqp.Fit, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="Decay cannot be stored in a file") as caught:
        fit.save(tmp_path / "fit.nc")
    assert caught.value.hint.startswith('@register("errors") above the class')


# What is poorer, and what is richer


def test_what_names_a_structure_as_poorer_is_richer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said once; one that cannot be made without arguments is passed over."""
    for name in ("_KINDS", "_FAMILIES"):
        monkeypatch.setattr(registry, name, dict(getattr(registry, name)))

    @registry.register("errors")
    @dataclass(frozen=True, slots=True)
    class Faded(Decay):
        @property
        def poorer(self) -> tuple[Noise, ...]:
            return (nqp.AR1(),)

    @registry.register("errors")
    @dataclass(frozen=True, slots=True)
    class Stated(Faded):
        length: float = field(kw_only=True)

    def apart(errors: Noise) -> tuple[Noise, ...]:
        assert nqp.Heteroskedastic(errors) in errors.richer
        return tuple(x for x in errors.richer if not isinstance(x, nqp.Heteroskedastic))

    assert apart(nqp.AR1()) == (Faded(), nqp.AR1PlusNoise())
    assert apart(nqp.IID()) == (nqp.AR1(), nqp.AR1PlusNoise())
    assert apart(nqp.AR1PlusNoise()) == apart(Faded()) == ()
    assert nqp.AR1PlusNoise().poorer == (nqp.IID(), nqp.AR1())
