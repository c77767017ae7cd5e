"""Kinds of values by the annotations of signatures, tested without importing what they name."""

from __future__ import annotations

import ast
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["ArgumentKind", "class_names", "kind_of", "named"]

_ALIASES = {
    "Array": "ArrayLike",
    "Bools": "ArrayLike",
    "BelowPrefecture": "Literal['ignore', 'count', 'drop']",
    "Bounds": "tuple[float, ...]",
    "Bound": "Literal['relative magnitudes', 'smoothness']",
    "By": "str | Sequence[str] | Mapping[str, str] | None",
    "Design": "StaggeredDiD | ContinuousExposure | Mediation | StatedDesign",
    "Drift": "Literal['none', 'lines', 'unit lines', 'bend', 'factor', 'two factors'] | Callable",
    "Effect": "Literal['flat', 'growing', 'cohorts'] | Callable",
    "EventTime": "int | Sequence[int] | None",
    "Hierarchy": "Literal['flat', 'nested', 'equal']",
    "Islands": "Literal['keep', 'nearest', 'error']",
    "Kinds": "str",
    "Language": "Literal['en', 'zh']",
    "Likelihood": "Gaussian | StudentT",
    "Members": "str",
    "Noise": "Literal['ar1', 'ar1+white', 'student'] | Callable",
    "Pooling": "Complete | Partial | Separate",
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

_BY_NAME = {"errors": "ErrorStructure"}
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
    "DataTree": "xarray", "Axes": "matplotlib", "Figure": "matplotlib", "Generator": "numpy",
}  # fmt: skip
OURS = {
    "Calibration", "Channel", "CheckResult", "Complete", "ContinuousExposure",
    "Dimension", "Fit", "Gate", "Gaussian", "Importance", "Index",
    "IndexSystem", "Indicator", "Mediated", "Mediation", "MinMax", "NUTS", "NormalRho",
    "NormalSteps", "Panel", "Partial", "Priors", "ProductivityIndex", "Separate",
    "SpatialWeights", "Spillover", "StaggeredDiD", "StudentT", "Study", "Table", "TimeEffects",
    "UniformRho", "UniformSteps",
}  # fmt: skip
"""Classes of the library that arguments are of; other names in signatures are let through."""

_PLAIN = {"str", "int", "float", "bool", "None", "Path", "ArrayLike", "object", "Any", "Callable",
          "Effects", "Scheme", "ErrorStructure", "StatedDesign", "StatedEquation"}  # fmt: skip
_MANY = {"Sequence", "Iterable", "list", "tuple", "set", "Collection"}
LARGEST = 2**63 - 1
"""Larger whole numbers have no place in an array."""
_PLURALS = {"text": "texts", "anything": "anything", "text or None": "texts or None"}
_FEW = 2_000
"""Longer sequences are not looked through, item by item."""


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
    """

    words: str
    takes: Callable[[object], bool]
    leaves: tuple[str, ...] = ()
    choices: tuple[object, ...] = ()


def class_names(value: object) -> dict[str, str]:
    """Names of a value's classes, and of the package each comes from."""
    return {
        ancestor.__name__: ancestor.__module__.partition(".")[0] for ancestor in type(value).__mro__
    }


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
    if argument == "seed":
        return _seed(kind_of(annotation))
    return kind_of(_BY_NAME.get(argument, annotation))


def _seed(kind: ArgumentKind) -> ArgumentKind:
    def takes(value: object) -> bool:
        return kind.takes(value) and (not whole(value) or value >= 0)  # type: ignore[operator]

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
        return class_names(value).get(name) == package

    return ArgumentKind(f"{article} {name}", takes, (name,))


def _plain(name: str) -> tuple[str, Callable[[object], bool]]:
    return {
        "str": ("text", lambda value: isinstance(value, str)),
        "int": ("a whole number", whole),
        "float": ("a number", finite),
        "bool": ("True or False", lambda value: type(value).__name__ in ("bool", "bool_")),
        "None": ("None", lambda value: value is None),
        "Path": ("a path", lambda value: isinstance(value, os.PathLike)),
        "ArrayLike": ("numbers in an array", _array),
        "ErrorStructure": ("a Noise", lambda value: _ours(value, "Noise")),
        "StatedDesign": ("a Mediation", lambda value: _ours(value, "Design")),
        "StatedEquation": ("a ContinuousExposure", lambda value: _ours(value, "SingleEquation")),
        "Scheme": ("a weighting scheme such as nqp.Entropy()", _scheme),
        "Effects": ("a Fit or a Dataset of effects", _effects),
        "Callable": ("a function", callable),
    }.get(name, ("anything", lambda value: True))


def _ours(value: object, base: str) -> bool:
    """Whether a value is of a class of the library, or of one that was made from it."""
    return class_names(value).get(base) == "bayes_nqp"


def whole(value: object) -> bool:
    """Whether a value is a whole number of 64 bits and no truth value."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return -LARGEST <= value <= LARGEST
    return class_names(value).get("integer") == "numpy"


def finite(value: object) -> bool:
    """Whether a value is a finite number and no truth value."""
    if whole(value):
        return True
    number = isinstance(value, float) or class_names(value).get("floating") == "numpy"
    return number and math.isfinite(value)  # type: ignore[arg-type]


def _array(value: object) -> bool:
    if isinstance(value, str | bytes | Mapping | type) or value is None:
        return False
    if class_names(value).get("DataFrame") == "pandas":
        return False
    return hasattr(value, "__array__") or isinstance(value, Iterable) or finite(value)


def _scheme(value: object) -> bool:
    return hasattr(value, "weigh") and not isinstance(value, type)


def _effects(value: object) -> bool:
    if isinstance(value, type):
        return False
    effects = hasattr(value, "tree") or not callable(getattr(value, "effects", callable))
    return effects or "Dataset" in class_names(value)


def _container(base: str, inside: ast.expr) -> ArgumentKind:
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    if base == "Literal":
        return _literal([part.value for part in parts if isinstance(part, ast.Constant)])
    if base == "Mapping" or base == "dict":
        return _mapping(_read(parts[0]), _read(parts[1]))
    if base in _MANY:
        several = [p for p in parts if not (isinstance(p, ast.Constant) and p.value is ...)]
        fixed = base == "tuple" and len(several) == len(parts)
        if fixed and len({ast.unparse(p) for p in several}) > 1:
            return _several(kind_of("Any"), len(several), plain=False)
        size = len(several) if fixed else None
        # Designs take one name for several.
        plain = base == "tuple" and size is None
        return _several(_read(several[0]), size, plain=plain)
    return _leaf("ArrayLike" if base == "NDArray" else base)


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
        packages = class_names(value)
        if packages.get("DataFrame") == "pandas" or "bayes_nqp" in packages.values():
            return False
        if not isinstance(value, Sized) or (len(value) > _FEW and size is None):
            return size is None
        listed = list(value)
        return (size is None or len(listed) == size) and all(item.takes(entry) for entry in listed)

    plural = _PLURALS.get(item.words) or item.words.removeprefix("a ").removeprefix("an ") + "s"
    number = f"{size}" if size is not None else "a list of"
    return ArgumentKind(f"{number} {plural}", takes, ("Sequence",))
