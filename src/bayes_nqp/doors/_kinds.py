"""Kinds of values by the annotations of signatures, tested without importing what they name."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Mapping, Set, Sized
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from bayes_nqp.doors import _values as values
from bayes_nqp.doors._values import LARGEST
from bayes_nqp.language import languages

_ALIASES = {
    "Bools": "ArrayLike",
    "BelowPrefecture": "Literal['ignore', 'count', 'drop']",
    "Bounds": "tuple[float, ...]",
    "Bound": "Literal['relative magnitudes', 'smoothness']",
    "By": "str | Sequence[str] | Mapping[str, str] | None",
    "Design": "StaggeredDiD | ContinuousExposure | Mediation | StatedDesign",
    "Drift": "Literal['none', 'lines', 'unit lines', 'bend', 'factor', 'two factors'] "
    "| Callable[[Any, Any, Any], Any]",
    "Effect": "Literal['flat', 'growing', 'cohorts'] | Callable[[Any], Any]",
    "EventTime": "int | Sequence[int] | None",
    "Hierarchy": "Literal['flat', 'nested', 'equal']",
    "Islands": "Literal['keep', 'nearest', 'error']",
    "Kinds": "str",
    "Language": "Literal['en', 'zh']",
    "Members": "str",
    "Noise": "Literal['ar1', 'ar1+white', 'student'] | Callable[[Any, Any, Any], Any]",
    "Prior": "UniformSteps | NormalSteps",
    "RhoPrior": "NormalRho | UniformRho",
    "Rule": "Literal['approval_year', 'next_year_after_june']",
    "Sampler": "NUTS | Importance",
    "SingleEquation": "StaggeredDiD | ContinuousExposure | StatedEquation",
    "Standardised": "Literal['row', 'none']",
    "Scope": "Literal['pooled', 'yearly']",
    "Weights": "str | Mapping[int, float]",
    "PanelLike": "Panel",
}
"""Types of several kinds, which signatures name without importing them at run time."""

_BY_NAME = {
    ("cohorts", "npt.ArrayLike"): "Cells",
    ("errors", "Noise"): "ErrorStructure",
    ("errors", "Noise | None"): "ErrorStructure | None",
}
"""Arguments whose annotations are wider, or mean another thing elsewhere."""

ARGUMENTS = {
    "fit_or_effects": "Effects",
    "partial": "Effects",
    "separate": "Effects",
    "fit": "Effects",
}
"""Arguments typed as objects, for a room below fits takes whatever holds effects."""

_FOREIGN = {
    "DataFrame": "pandas", "Series": "pandas", "DataArray": "xarray", "Dataset": "xarray",
    "DataTree": "xarray", "GeoDataFrame": "geopandas", "Axes": "matplotlib", "Figure": "matplotlib",
    "Generator": "numpy",
}  # fmt: skip
OURS = {
    "Calibration", "Channel", "CheckResult", "Complete", "ContinuousExposure",
    "Dimension", "Fit", "Gate", "Importance", "Index",
    "IndexSystem", "Indicator", "Mediated", "Mediation", "MinMax", "NUTS", "NormalRho",
    "NormalSteps", "Panel", "Partial", "Priors", "ProductivityIndex", "Separate",
    "SpatialWeights", "Spillover", "StaggeredDiD", "Study", "Table", "TimeEffects",
    "UniformRho", "UniformSteps",
}  # fmt: skip
"""Classes of the library that arguments are of; other names in signatures are let through."""

_PLAIN = {"str", "int", "float", "bool", "None", "Path", "ArrayLike", "object", "Any", "Callable",
          "Array", "Cells", "Effects", "Scheme", "Deviations", "ErrorStructure", "ScalePrior",
          "Term", "StatedDesign", "StatedEquation", "Pooling", "Likelihood"}  # fmt: skip
_MANY = {"Sequence", "Iterable", "list", "tuple", "set", "Collection"}
_FROM_ZERO = {"seed": LARGEST, "number": 10**9}
"""Arguments that are no negative numbers, wherever they stand, and their largest."""
_PLURALS = {"text": "texts", "anything": "anything", "text or None": "texts or None"}
_FEW = 2_000
"""Of longer sequences one item of each type is looked at."""
_MOST = 100_000
"""Items that are taken from what may have no end."""
_ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class ArgumentKind:
    """What an argument may be.

    Parameters
    ----------
    words : str
        For messages, such as "a Panel".
    takes : callable
        From a value to whether it is of this kind.
    leaves : tuple of str
        Names of the classes among it.
    choices : tuple
        Values to choose from, where they are listed.
    variable : type or None
        Of what holds several: tuple of those by place, dict of keywords.
    """

    words: str
    takes: Callable[[object], bool]
    leaves: tuple[str, ...] = ()
    choices: tuple[object, ...] = ()
    variable: type | None = None

    def plain(self, value: Any) -> Any:
        """A value as calls take it: plain scalars, and what holds several of them as a tuple."""
        if _ANYTHING in self.words:
            return value
        packages = values.class_names(value)
        if "Array" in self.leaves and isinstance(value, list | tuple):
            import numpy as np

            return np.asarray(value)
        if isinstance(value, Iterable) and not packages.get("str"):
            arrays = {"ndarray", "Series", "Index", "ExtensionArray"} & packages.keys()
            if {"Sequence", "ArrayLike", "Cells"} & {*self.leaves} and not isinstance(value, Sized):
                return tuple(islice(value, _MOST))
            return (
                tuple(map(values.scalar, value)) if "Sequence" in self.leaves and arrays else value
            )
        return values.scalar(value)


@cache
def kind_of(annotation: str) -> ArgumentKind:
    """Read the kind that an annotation states.

    Parameters
    ----------
    annotation : str
        As it stands in the signature.
    """
    return _read(ast.parse(annotation, mode="eval").body)


def named(argument: str, annotation: str) -> ArgumentKind:
    """Read the kind of an argument, by its name where its type says nothing."""
    if annotation == "object" and argument in ARGUMENTS:
        return kind_of(ARGUMENTS[argument])
    if argument in _FROM_ZERO:
        return _natural(kind_of(annotation), _FROM_ZERO[argument])
    if argument == "language":
        words = " or ".join(map(repr, languages()))
        return ArgumentKind(words, lambda value: isinstance(value, str) and value in languages())
    return kind_of(_BY_NAME.get((argument, annotation), annotation))


def _natural(kind: ArgumentKind, most: int) -> ArgumentKind:
    def takes(value: object) -> bool:
        return kind.takes(value) and (not values.whole(value) or 0 <= value <= most)  # type: ignore[operator]

    words = kind.words.replace("a whole number", "a whole number from 0 up")
    return ArgumentKind(words, takes, kind.leaves)


def _read(node: ast.expr) -> ArgumentKind:
    if isinstance(node, ast.BinOp):
        return _either([_read(node.left), _read(node.right)])
    if isinstance(node, ast.Constant):
        return kind_of(node.value) if isinstance(node.value, str) else _leaf("None")
    if isinstance(node, ast.Subscript):
        return _container(_name(node.value), node.slice)
    return _leaf(_name(node))


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)


def _either(kinds: Iterable[ArgumentKind]) -> ArgumentKind:
    several = tuple(kinds)
    if any("Path" in kind.leaves for kind in several):  # names of files need not be text
        several = (*several, ArgumentKind("text", lambda value: isinstance(value, str)))
    words = list(dict.fromkeys(part for kind in several for part in kind.words.split(" or ")))
    words = [w for w in words if w != "None"] + [w for w in words if w == "None"]
    return ArgumentKind(
        " or ".join(words),
        lambda value: any(kind.takes(value) for kind in several),
        tuple(leaf for kind in several for leaf in kind.leaves),
        tuple(choice for kind in several for choice in kind.choices),
    )


def _leaf(name: str) -> ArgumentKind:
    if name in _ALIASES:
        return kind_of(_ALIASES[name])
    if name in _PLAIN:
        return ArgumentKind(*_plain(name), leaves=() if name in ("object", "Any") else (name,))
    package = _FOREIGN.get(name, "bayes_nqp" if name in OURS else "")
    if not package:
        return ArgumentKind("anything", lambda value: True)
    article = "an" if name[0] in "AEIO" else "a"

    def takes(value: object) -> bool:
        return values.class_names(value).get(name) == package

    return ArgumentKind(f"{article} {name}", takes, (name,))


def _plain(name: str) -> tuple[str, Callable[[object], bool]]:
    return {
        "str": ("text", values.text),
        "int": ("a whole number", values.whole),
        "float": ("a number", values.finite),
        "bool": ("True or False", lambda value: type(value).__name__ in ("bool", "bool_")),
        "None": ("None", lambda value: value is None),
        "Path": ("a path", values.path),
        "ArrayLike": ("numbers in an array", values.array),
        "Array": ("an array of numbers", values.numbers),
        "Cells": ("labels in an array", values.cells),
        "ErrorStructure": ("a Noise", lambda value: values.ours(value, "Noise")),
        "Pooling": ("a Pooling", lambda value: values.ours(value, "Pooling")),
        "Likelihood": ("a Likelihood", lambda value: values.ours(value, "Likelihood")),
        "Deviations": (
            "deviations such as nqp.StudentDeviations(4)",
            lambda value: values.ours(value, "Deviations"),
        ),
        "ScalePrior": (
            "a prior such as nqp.HalfT(3, 0.5)",
            lambda value: values.ours(value, "ScalePrior"),
        ),
        "Term": (
            "a term such as nqp.SharedShocks('region')",
            lambda value: values.ours(value, "Term"),
        ),
        "StatedDesign": ("a Mediation", lambda value: values.ours(value, "Design")),
        "StatedEquation": (
            "a ContinuousExposure",
            lambda value: values.ours(value, "SingleEquation"),
        ),
        "Scheme": ("a weighting scheme such as nqp.Entropy()", values.scheme),
        "Effects": ("a Fit or a Dataset of effects", values.effects),
        "Callable": ("a function", values.function),
    }.get(name, ("anything", lambda value: True))


def _container(base: str, inside: ast.expr) -> ArgumentKind:
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    if base == "Literal":
        return _literal([part.value for part in parts if isinstance(part, ast.Constant)])
    if base == "Mapping" or base == "dict":
        return _mapping(_read(parts[0]), _read(parts[1]))
    if base == "Callable" and isinstance(parts[0], ast.List):
        return _called(len(parts[0].elts))
    if base in _MANY:
        several = [p for p in parts if not (isinstance(p, ast.Constant) and p.value is ...)]
        fixed = base == "tuple" and len(several) == len(parts)
        if fixed and len({ast.unparse(p) for p in several}) > 1:
            return _several(kind_of("Any"), len(several), plain=False)
        size = len(several) if fixed else None
        # Designs take one name for several.
        plain = base == "tuple" and size is None
        return _several(_read(several[0]), size, plain=plain)
    return _leaf("Cells" if base == "NDArray" else base)


def _called(number: int) -> ArgumentKind:
    """A function of so many arguments; what does not say how many is believed."""

    def takes(value: object) -> bool:
        if not values.function(value):
            return False
        try:
            inspect.signature(value).bind(*range(number))  # type: ignore[arg-type]
        except TypeError:
            return False
        except ValueError:  # of functions in C
            return True
        return True

    plural = "s" if number > 1 else ""
    return ArgumentKind(f"a function of {number} argument{plural}", takes, ("Callable",))


def _literal(choices: list[Any]) -> ArgumentKind:
    words = " or ".join(map(repr, choices))

    def takes(value: object) -> bool:
        # Calls know their choices, and what to say of another one.
        return isinstance(value, str)

    return ArgumentKind(words, takes, (), tuple(choices))


def _mapping(key: ArgumentKind, item: ArgumentKind) -> ArgumentKind:
    def takes(value: object) -> bool:
        if not isinstance(value, Mapping):
            return False
        return len(value) > _FEW or all(
            key.takes(k) and item.takes(x) for k, x in list(value.items())
        )

    return ArgumentKind(f"a dict from {key.words} to {item.words}", takes, ("Mapping",))


def _several(item: ArgumentKind, size: int | None, *, plain: bool) -> ArgumentKind:
    def takes(value: object) -> bool:
        if plain and item.takes(value):
            return True
        if isinstance(value, str | bytes | Mapping | type) or not isinstance(value, Iterable):
            return False
        packages = values.class_names(value)
        if packages.get("DataFrame") == "pandas" or "bayes_nqp" in packages.values():
            return False
        unordered = isinstance(value, Set) and "str" not in item.leaves
        if not isinstance(value, Sized) or unordered:
            return False
        if size is not None and len(value) != size:
            return False
        listed = list(value)
        seen = listed if len(listed) <= _FEW else {type(entry): entry for entry in listed}.values()
        return all(item.takes(entry) for entry in seen)

    plural = _PLURALS.get(item.words) or item.words.removeprefix("a ").removeprefix("an ") + "s"
    number = f"{size}" if size is not None else "a list of"
    return ArgumentKind(f"{number} {plural}", takes, ("Sequence",))
