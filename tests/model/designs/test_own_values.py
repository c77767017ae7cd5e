"""Mistakes of a user's own priors, poolings, likelihoods and terms are named, as of errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from tools.toys.term import Seasons

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.likelihoods import Likelihood
from bayes_nqp.model.pooling import Pooling
from bayes_nqp.model.predictors import ProcessPart
from bayes_nqp.model.priors import Deviations
from bayes_nqp.numerics.parameters import HalfNormal, Parameter, Scale, ScalePrior

PANEL = nqp.simulation.staggered(
    units=12, periods=6, cohorts=(3,), strata={"region": ["east", "west"]}, seed=1
).panel
WRONG: dict[str, Callable[[], object]] = {
    "nan": lambda: np.nan, "None": lambda: None, "text": lambda: "x", "a number": lambda: 5,
    "nans": lambda: np.full(3, np.nan), "another shape": lambda: np.ones((7, 2)),
    "none": lambda: [], "an error": lambda: 1 / 0,
}  # fmt: skip


class Own:
    """Answers as the library's do, but for one method, which answers something else."""

    wrong: str
    kind: str

    def said(self, name: str, right: Callable[[], Any]) -> Any:
        return WRONG[self.kind]() if name == self.wrong else right()


@dataclass(frozen=True)
class Exponential(Own, ScalePrior):
    """Exponential prior."""

    scale: float = 1.0
    wrong: str = ""
    kind: str = ""

    @property
    def centre(self) -> float:
        return self.said("centre", lambda: self.scale)

    @property
    def kind_of(self) -> Message:
        return Message("exponential")

    def words(self) -> Message:
        return self.said("words", lambda: Message("exponential"))

    def constrain(self, u: Any) -> Any:
        return self.said("constrain", lambda: np.exp(u))

    def unconstrain(self, value: Any) -> Any:
        return self.said("unconstrain", lambda: np.log(value))

    def log_density(self, u: Any) -> Any:
        return self.said("log_density", lambda: self.log_pdf(np.exp(u)) + u)

    def log_pdf(self, value: Any) -> Any:
        return self.said("log_kernel", lambda: -np.log(self.scale) - value / self.scale)

    def draw(self, generator: np.random.Generator, size: int) -> Any:
        return self.said("draw", lambda: generator.exponential(self.scale, size))

    def variable(self, name: str) -> Any:
        raise NotImplementedError


Exponential.__abstractmethods__ = frozenset()


@dataclass(frozen=True)
class Apart(Own, Deviations):
    """Normal deviations."""

    scale: Any = 1.0
    wrong: str = ""
    kind: str = ""

    @property
    def label(self) -> Message:
        return self.said("label", lambda: Message("normal"))

    def words(self) -> Message:
        return self.said("words", lambda: Message("normal"))

    def draw(self, generator: Any, scale: Any, members: int, unit: float = 1.0) -> Any:
        return self.said("draw", lambda: generator.standard_normal((scale.size, members)))

    def sd(self, scale: Any, unit: float = 1.0) -> Any:
        return self.said("sd", lambda: scale)

    def variable(self, name: str, scale: Any) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Cohorts(Own, Pooling):
    """Cohorts around one curve."""

    varying: Any = None
    wrong: str = ""
    kind: str = ""
    phrase: ClassVar[Message] = Message("cohorts")

    @property
    def pieces(self) -> Any:  # type: ignore[override]
        return self.said("pieces", lambda: frozenset({"curve", "cohort"}))

    @property
    def label(self) -> Any:  # type: ignore[override]
        return self.said("label", lambda: Message("by cohort"))

    @property
    def flat(self) -> Any:  # type: ignore[override]
        return self.said("flat", lambda: False)

    @property
    def factors(self) -> Any:
        return self.said("factors", tuple)

    def words(self, by: str) -> Any:
        return self.said("words", lambda: Message("by cohort"))


@dataclass(frozen=True)
class Normal(Own, Likelihood):
    """The normal one, row by row."""

    wrong: str = ""
    kind: str = ""
    exact: ClassVar[bool] = True

    @property
    def label(self) -> Any:  # type: ignore[override]
        return self.said("label", lambda: Message("normal"))

    @property
    def link(self) -> Any:  # type: ignore[override]
        return self.said("link", lambda: "identity")

    @property
    def parameters(self) -> Any:
        return self.said("parameters", tuple)

    def words(self, errors: str) -> Any:
        return self.said("words", lambda: Message("{}", errors))

    def innovations(self, normal: Any, values: Any, generator: Any) -> Any:
        return self.said("innovations", lambda: normal)

    def refusal(self, outcome: Any, flat: Any) -> Any:
        return self.said("refusal", lambda: None)

    def density(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Waves(Own, Seasons):
    """Seasons."""

    length: float = 4.0
    wrong: str = ""
    kind: str = ""
    part: dict[str, Any] = field(default_factory=dict, hash=False)

    def rows(self, panel: Any) -> Any:
        return self.said("rows", lambda: panel)

    def timing(self, timing: Any, facts: Any, panel: Any) -> Any:
        return self.said("timing", lambda: timing)

    def equation(self, equation: Any, facts: Any, timing: Any, panel: Any) -> Any:
        right = Seasons(self.length).equation
        made = self.said("equation", lambda: right(equation, facts, timing, panel))
        if self.wrong in ("owner", "loadings", "scales"):
            value = WRONG[self.kind]()
            value = (value,) if self.wrong == "loadings" and self.kind != "None" else value
            part = replace(made.processes[-1], **{self.wrong: value})
            return replace(made, processes=(*equation.processes, part))
        return made

    def parameters(self, n_periods: int, priors: Any) -> Any:
        return self.said("parameters", tuple)


OWN: dict[type, tuple[Callable[[Any], nqp.StaggeredDiD], tuple[str, ...]]] = {
    Exponential: (
        lambda x: nqp.StaggeredDiD(priors=nqp.Priors(walk=x)),
        ("centre", "words", "constrain", "unconstrain", "log_density", "draw"),
    ),
    Apart: (
        lambda x: nqp.StaggeredDiD(priors=nqp.Priors(member=x)), ("label", "words", "draw", "sd")
    ),
    Cohorts: (nqp.StaggeredDiD, ("pieces", "label", "flat", "factors", "words")),
    Normal: (
        lambda x: nqp.StaggeredDiD(likelihood=x),
        ("label", "link", "parameters", "words", "innovations", "refusal"),
    ),
    Waves: (
        lambda x: nqp.StaggeredDiD(terms=[x]),
        ("rows", "timing", "equation", "parameters", "owner", "loadings", "scales"),
    ),
}  # fmt: skip
RIGHT = {("None", "refusal"), ("None", "factors"), ("text", "label"), ("text", "words"),
         ("a number", "centre"), ("none", "parameters"), ("text", "factors"), ("none", "factors"),
         ("an error", "owner"), ("an error", "loadings"), ("an error", "scales")}  # fmt: skip
"""What may be; parts of an equation raise nothing by themselves."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("own", OWN)
def test_wrong_answers_are_named_when_a_plan_is_made(own: type) -> None:
    design_of, methods = OWN[own]
    assert model_frame_of(design_of(own()), PANEL).equations
    for method in methods:
        for kind in WRONG:
            if (kind, method) in RIGHT:
                continue
            with pytest.raises(NQPError) as caught:
                model_frame_of(design_of(own(wrong=method, kind=kind)), PANEL)
            assert own.__name__ in str(caught.value), (method, kind)
            assert method in str(caught.value), (method, kind)
            assert caught.value.hint


def test_a_prior_of_a_parameter_or_scale_is_looked_at_wherever_it_stands() -> None:
    bad = Exponential(wrong="draw", kind="nan")

    @dataclass(frozen=True)
    class Drawn(Normal):
        @property
        def parameters(self) -> tuple[Parameter, ...]:
            return (Parameter("shape", bad),)

    @dataclass(frozen=True)
    class Shared(Seasons):
        def equation(self, equation: Any, facts: Any, timing: Any, panel: Any) -> Any:
            wave = np.ones((panel.periods, 1))
            codes = panel.strata_codes["region"]
            part = ProcessPart("s", codes, (wave,), (Scale("s", bad),))
            return replace(equation, processes=(*equation.processes, part))

    for design in (nqp.StaggeredDiD(likelihood=Drawn()), nqp.StaggeredDiD(terms=[Shared()])):
        with pytest.raises(NQPError, match=r"Exponential\.draw gives nan"):
            model_frame_of(design, PANEL)


def test_errors_that_the_session_asks_numpy_for_are_not_ours() -> None:
    sampler = nqp.Importance(draws=40, chains=2, proposals=400, seed=1)
    with np.errstate(all="raise"):
        fit = nqp.fit(nqp.StaggeredDiD(), PANEL, sampler, progress=False)
        assert np.isfinite(nqp.att(fit)).all()
        nqp.check(fit, "pretrends", progress=False)
        nqp.loo(fit)
        assert np.geterr()["under"] == "raise"
    assert HalfNormal(1.0).centre == 1.0
