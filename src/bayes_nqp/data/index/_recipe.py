"""Recipes of indices, their relations to outcomes, and their storage in a frame.

The recipe of a column is stored in ``frame.attrs`` as JSON: pandas keeps it when rows are
selected, and Parquet when the frame is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import registered
from bayes_nqp._core.types import Words
from bayes_nqp._core.validation import door
from bayes_nqp.data.index._compute import Hierarchy, MinMax
from bayes_nqp.data.index._entropy import Entropy
from bayes_nqp.data.index._read import MISSING
from bayes_nqp.data.index._scheme import Scheme
from bayes_nqp.data.index._schemes import FixedWeights
from bayes_nqp.data.index._system import IndexSystem

if TYPE_CHECKING:
    import pandas as pd

_CLOSE = 1e-6


@door
@dataclass(frozen=True, slots=True)
class Relation:
    """Relation ``outcome = intercept + slope · index``, or with the logarithm of the index.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.index.Relation(log=False, intercept=1.0, slope=2.0).slope
    2.0
    """

    log: bool
    intercept: float
    slope: float

    def __call__(self, index: Array) -> Array:
        """Compute the outcome of an index with this relation."""
        return self.intercept + self.slope * (np.log(index) if self.log else index)

    def __str__(self) -> str:
        subject = Message("the logarithm of the index") if self.log else Message("the index")
        plain = abs(self.intercept) < _CLOSE and abs(self.slope - 1.0) < _CLOSE
        return subject if plain else f"{subject}, times {self.slope:g}"


@door
def relation(outcome: Array, index: Array) -> Relation | None:
    """Find the relation of an outcome to an index.

    Returns
    -------
    Relation or None
        None if the outcome is neither the index, nor its logarithm, nor a linear function of
        either.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> import numpy as np
    >>> index = np.array([1.0, 2.0, 3.0])
    >>> nqp.index.relation(2 * index + 1, index) is not None
    True
    """
    outcome, index = np.asarray(outcome, np.float64), np.asarray(index, np.float64)
    if outcome.ndim != 1 or outcome.shape != index.shape or not len(index):
        raise StudyError(
            Message("'outcome' and 'index' have the shapes {} and {}", outcome.shape, index.shape),
            hint="a number for each row, in the same order",
        )
    for log in (False, True):
        if log and not (index > 0).all():
            continue
        x = np.log(index) if log else index
        slope, intercept = np.polyfit(x, outcome, 1) if np.ptp(x) > 0 else (0.0, 0.0)
        if abs(slope - 1.0) < _CLOSE and abs(intercept) < _CLOSE * np.ptp(outcome):
            slope, intercept = 1.0, 0.0
        off = np.abs(outcome - intercept - slope * x).max()
        if slope and off < _CLOSE * np.ptp(outcome):
            return Relation(log, float(intercept), float(slope))
    return None


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
                    "FixedWeights are weights of indicators, but hierarchy={!r} requires "
                    "weights computed from the data",
                    self.hierarchy,
                ),
                hint="hierarchy='flat'",
            )


_KEY, _TAG = "bayes_nqp.index", "type"
"""The attr is text (JSON): pandas copies dictionaries in attrs deeply at each operation."""


def remember(frame: pd.DataFrame, name: str, recipe: Recipe, unit: str, time: str) -> pd.DataFrame:
    """Store the recipe of a column in the attrs of a frame.

    Parameters
    ----------
    frame : DataFrame
        Frame, modified in place.
    name : str
        Name of the column.
    unit, time : str
        Columns of the unit and the time from which the index was built.

    Returns
    -------
    DataFrame
        The same frame.
    """
    recipes = _recipes(frame)
    recipes[name] = {"recipe": _plain(recipe), "unit": unit, "time": time}
    frame.attrs = {**frame.attrs, _KEY: json.dumps(recipes, ensure_ascii=False)}
    return frame


@door
def recalled(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the recipes of the columns that are indices.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> frame = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1).panel.frame
    >>> frame["patents"], frame["roads"] = frame["outcome"] ** 2, frame["outcome"].abs()
    >>> recipe = nqp.ProductivityIndex(nqp.IndexSystem.of(["patents", "roads"]))
    >>> index = recipe.build(frame, unit="unit", time="time")
    >>> sorted(nqp.index.recalled(index.panel(cohort="cohort").frame))
    ['nqp']
    """
    return {
        name: _value(recipes["recipe"])
        for name, recipes in _recipes(frame).items()
        if name in frame.columns
    }


def _recipes(frame: pd.DataFrame) -> dict[str, Any]:
    """Return stored recipes as plain data; files of version 0.1 contain them as a dictionary."""
    stored = frame.attrs.get(_KEY, "{}")
    return dict(json.loads(stored) if isinstance(stored, str) else stored)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        held = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        return {_TAG: type(value).__name__, **held}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


def _value(data: Any) -> Any:
    if isinstance(data, list):
        return tuple(_value(part) for part in data)
    if isinstance(data, Mapping):
        return registered("index")[data[_TAG]](
            **{k: _value(x) for k, x in data.items() if k != _TAG}
        )
    return data
