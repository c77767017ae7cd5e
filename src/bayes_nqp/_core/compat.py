"""Names of earlier versions, and their replacements in code and studies."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from itertools import accumulate
from pathlib import Path
from types import ModuleType
from typing import Any

from bayes_nqp._core.lazy import entered
from bayes_nqp._core.renamed import MODULES, NAMES, STAY

__all__ = [
    "RENAMED",
    "Rename",
    "Word",
    "as_before",
    "current",
    "current_study",
    "install",
    "module_of",
    "public",
    "told",
]

_HOME = str(Path(__file__).parents[1])
_TOLD: set[str] = set()
_PUBLIC = ("value", "function", "estimand")
"""Kinds of names that are attributes of the package."""
_VALUE_KEYS = frozenset(
    {"type", "effect", "errors", "moderators", "spillovers", "terms", "time", "trends"}
)
"""Keys of studies whose text names a value."""


@dataclass(frozen=True, slots=True)
class Rename:
    """Replacement of a public name of an earlier version.

    Parameters
    ----------
    code : str
        Replacement in Python.
    study : str
        Replacement in the TOML of a study.
    value : str
        Type that replaces the type of a value in files.
    fields : frozenset of str
        Arguments that still exist.
    """

    code: str
    study: str
    value: str
    fields: frozenset[str]


RENAMED: Mapping[str, Rename] = {
    "IMH": Rename(
        code="nqp.Importance(draws=1000, chains=4, seed=1), which needs no tune and no thin",
        study='type = "Importance" without tune and thin, or no [sampler] at all',
        value="Importance",
        fields=frozenset({"draws", "chains", "seed"}),
    )
}
"""By the former name."""


def told(old: str, new: str) -> None:
    """Warn once per name that a name has changed."""
    if old not in _TOLD:
        _TOLD.add(old)
        warnings.warn(
            f"{old} is now called {new}; the old name works until version 0.3",
            FutureWarning,
            skip_file_prefixes=(_HOME, "<frozen"),
        )


def current(kind: str, name: str) -> str:
    """Return the current name for a name that may be from an earlier version.

    Parameters
    ----------
    kind : str
        Kind of the name: "check", "estimand", "plot", "value" or "verdict".
    name : str
        Name in code, a study or a file.
    """
    new = NAMES.get(kind, {}).get(name, name)
    if new != name:
        told(f"the {kind} {name!r}", repr(new))
    return new


class Word(str):
    """Verdict that also equals its word in an earlier version, with a warning."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str) and other in NAMES["verdict"]:
            other = current("verdict", other)
        return str.__eq__(self, other) is True

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def public(name: str) -> str:
    """Return the new name for a public name of an earlier version, or ""."""
    new = next((NAMES[kind][name] for kind in _PUBLIC if name in NAMES[kind]), "")
    if new:
        told(f"nqp.{name}", f"nqp.{new}")
    return new


def current_study(data: Mapping[str, Any]) -> dict[str, Any]:
    """Replace old names in the plain data of a study."""

    def values(item: Any, key: str = "") -> Any:
        if isinstance(item, Mapping):
            return {key: values(x, key) for key, x in item.items()}
        if isinstance(item, list):
            return [values(x, key) for x in item]
        return current("value", item) if isinstance(item, str) and key in _VALUE_KEYS else item

    study: dict[str, Any] = values(data)
    checks = study.get("checks")
    if isinstance(checks, dict):
        study["checks"] = {current("check", key): x for key, x in checks.items()}
        run = checks.get("run")
        if isinstance(run, list):
            named = [current("check", x) if isinstance(x, str) else x for x in run]
            study["checks"]["run"] = named
    return study


def as_before(text: str) -> str:
    """Replace the names of values by their old names, so that digests do not change."""
    former = {new: old for old, new in NAMES.get("value", {}).items()}
    return re.sub(r"\b[A-Z]\w+", lambda found: former.get(found[0], found[0]), text)


def module_of(name: str) -> str:
    """Return the new name of a module of an earlier version, or ""."""
    package, _, submodule = name.partition(".")
    if package != "bayes_nqp" or not submodule:
        return ""
    for old in reversed([*accumulate(submodule.split("."), "{}.{}".format)]):
        if old in MODULES:
            return f"{package}.{MODULES[old]}{submodule[len(old) :]}"
    return ""


class _Former(MetaPathFinder, Loader):
    """Finder of modules by their old names; each module is loaded once, under both names."""

    def __init__(self) -> None:
        self._specs: dict[str, ModuleSpec | None] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module under its new name."""
        return ModuleSpec(name, self) if module_of(name) else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module with the new name."""
        new = module_of(spec.name)
        if spec.name.split(".")[1] not in STAY:
            told(spec.name, new)
        module = entered(new)
        self._specs[module.__name__] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the module is loaded already."""
        module.__spec__ = self._specs[module.__name__]


def install() -> None:
    """Make modules importable by their old names."""
    if not any(isinstance(finder, _Former) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Former())
