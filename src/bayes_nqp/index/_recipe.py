"""The recipe of an index."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from bayes_nqp.annotations import Words
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.index._compute import Hierarchy
from bayes_nqp.index._entropy import Entropy
from bayes_nqp.index._fixed import FixedWeights
from bayes_nqp.index._normalise import MinMax
from bayes_nqp.index._read import MISSING
from bayes_nqp.index._scheme import Scheme
from bayes_nqp.index._system import IndexSystem
from bayes_nqp.language import Message

type StatedScheme = Annotated[Scheme, Words("a weighting scheme such as nqp.Entropy()")]


_CHOICES: dict[str, tuple[str, ...]] = {
    "hierarchy": ("flat", "nested", "equal"),
    "missing": MISSING,
    "constant": ("error", "zero"),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """The arguments of a `ProductivityIndex`."""

    system: IndexSystem
    weights: StatedScheme = field(default_factory=Entropy)
    normalise: MinMax = field(default_factory=MinMax)
    hierarchy: Hierarchy = "flat"
    missing: Literal["error", "drop", "interpolate", "extend"] = "error"
    constant: Literal["error", "zero"] = "error"

    def __post_init__(self) -> None:
        if not isinstance(self.system, IndexSystem):
            raise StudyError(
                Message("'system' is {!r}", self.system),
                hint="nqp.IndexSystem.of(['patents', …]), IndexSystem.from_toml(path), or "
                "nqp.index.new_quality_productivity()",
            )
        if isinstance(self.weights, type) or not isinstance(self.weights, Scheme):
            raise StudyError(
                Message("'weights' is {!r}", self.weights),
                hint="nqp.Entropy(), EqualWeights(), Critic(), PrincipalComponent(), "
                "EntropyTopsis() or FixedWeights({…}), with brackets",
            )
        if not isinstance(self.normalise, MinMax):
            raise StudyError(Message("'normalise' is {!r}", self.normalise), hint="nqp.MinMax(…)")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise StudyError(
                    Message("{!r} is {!r}", name, getattr(self, name)),
                    hint=nearest(getattr(self, name), choices),
                )
        if isinstance(self.weights, FixedWeights) and self.hierarchy != "flat":
            raise StudyError(
                Message(
                    "FixedWeights are weights of indicators, and hierarchy={!r} is for weights "
                    "that data give",
                    self.hierarchy,
                ),
                hint="hierarchy='flat'",
            )
