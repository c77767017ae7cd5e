"""Registration of values that files store and of the plug-ins of packages."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from functools import cache, partial
from importlib.util import find_spec
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from bayes_nqp._core.compat import current
from bayes_nqp._core.exceptions import StudyError, UnknownNameError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.lazy import Search, discovered, entered
from bayes_nqp._core.safe_calls import reply

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

__all__ = [
    "EXTENSIONS",
    "Plugins",
    "claim",
    "family_of",
    "needed",
    "register",
    "registered",
    "registered_as",
    "unloaded",
    "without_extension",
    "worded",
]

_KINDS: dict[str, type] = {}
_FAMILIES: dict[str, str] = {}
_WORDS: dict[str, str] = {}
_TERMS = "terms"
"""The family of terms that no argument of a design is for; none of the library's own is of it."""
_SEARCHES: dict[str, Search] = defaultdict(Search)
EXTENSIONS: Final = ("audit", "space", "studio")
"""Packages that can be taken away."""
_EXTENSION_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "bayes_nqp.checks": ("bayes_nqp.audit", "bayes_nqp.space.checks"),
    "bayes_nqp.checks.sample.referee_rows": ("bayes_nqp.space.checks",),
    "bayes_nqp.output.exhibits": ("bayes_nqp.space.exhibits",),
    "bayes_nqp.output.plots": ("bayes_nqp.space.plots",),
    "bayes_nqp.output.reports.sections": ("bayes_nqp.space.reports",),
    "bayes_nqp.output.tables": ("bayes_nqp.space.tables",),
    "bayes_nqp.studies": ("bayes_nqp.space.studies",),
}
"""Folders of extensions, which can be taken away, by what their plug-ins add to."""
_VALUES_IN: Mapping[str, tuple[str, ...]] = {"spillovers": ("bayes_nqp.space.terms",)}
"""Folders of extensions that have values of a family."""
_KIND_OF: Mapping[str, str] = {
    "bayes_nqp.output.tables": "table",
    "bayes_nqp.checks": "check",
    "bayes_nqp.effects.estimands": "estimand",
    "bayes_nqp.output.plots": "plot",
}
_GROUPS: Mapping[str, str] = {
    "bayes_nqp.checks.sample.referee_rows": "bayes_nqp.robustness_rows",
    "bayes_nqp.data.reading.steps": "bayes_nqp.columns.steps",
    "bayes_nqp.data.spatial_weights": "bayes_nqp.spatial_weights",
    "bayes_nqp.effects.estimands": "bayes_nqp.estimands",
    "bayes_nqp.output.accessors": "bayes_nqp.attributes",
    "bayes_nqp.output.exhibits": "bayes_nqp.exhibits",
    "bayes_nqp.output.plots": "bayes_nqp.plots",
    "bayes_nqp.output.reports": "bayes_nqp.reports",
    "bayes_nqp.output.reports.sections": "bayes_nqp.reports.sections",
    "bayes_nqp.output.tables": "bayes_nqp.tables",
}
"""Groups of entry points that are not called as the folder."""
_UNLOADED: dict[tuple[str, str], Exception] = {}
_VALUES: dict[str, str] = {}
"""The module of every value that is registered, and of every word that studies have for one."""


def claim(names: dict[str, str], name: str, source: object) -> bool:
    """Reserve a name for the module that registers it.

    A package may register a name again, for example if a notebook cell is run again. Names of the
    library have precedence over earlier registrations by other packages.

    Parameters
    ----------
    names : dict of str to str
        The module of every name; the name is added.
    name : str
        Name to register.
    source : object
        The function or class; one without a module takes any name.

    Returns
    -------
    bool
        True if another package lost the name.

    Raises
    ------
    StudyError
        If another package has the name.
    """
    home = str(getattr(source, "__module__", None) or "")
    former = names.get(name, home)
    clash = bool(home and former) and _package(home) != _package(former)
    if clash:
        ours = _package(home) == _package(__name__)
        loser, owner = (former, home) if ours else (home, former)
        error = StudyError(
            Message("the name of {!r} in {} is already used by {}", name, loser, _package(owner)),
            hint=Message("register it in {} under another name", loser),
        )
        if not ours:
            raise error
        _leave_out(loser, name, f"{name} of {loser} is left out ({error.what})", error)
    names[name] = home
    return clash


def _package(module: str) -> str:
    return module.partition(".")[0]


class Plugins[T](Mapping[str, T]):
    """Plug-ins of a package by name, in the order of their places.

    A plug-in is a file that registers itself. At the first lookup, the modules of the package are
    imported, then plug-ins of other packages by entry points in the group of the package's name.
    Others, for example in a notebook, register at any time.

    Parameters
    ----------
    room : str
        Package with the files of the plug-ins.
    prefix : str, default "_"
        Prefix of the modules' names, if the package has other files.
    """

    def __init__(self, room: str, prefix: str = "_") -> None:
        self._room, self._prefix = room, prefix
        self._places: dict[str, tuple[float, T]] = {}
        self._homes: dict[str, str] = {}
        self._once = Search()

    def add(self, name: str, plugin: T, place: float = 1000.0, source: object = None) -> T:
        """Register a plug-in; it replaces an earlier one of the same name and package.

        Parameters
        ----------
        name : str
            Name for lookups.
        plugin : object
            Object to register.
        place : float, default 1000
            Position among the others, in ascending order.
        source : object, optional
            Function or class of the plug-in; by default the plug-in itself.

        Raises
        ------
        StudyError
            If another package has the name.
        """
        claim(self._homes, name, plugin if source is None else source)
        self._places[name] = (place, plugin)
        return plugin

    def __getitem__(self, name: str) -> T:
        self._search()
        if name not in self._places:
            name = current(_KIND_OF.get(self._room, ""), name)
        return self._places[name][1]

    def __delitem__(self, name: str) -> None:
        del self._places[name], self._homes[name]

    def __iter__(self) -> Iterator[str]:
        self._search()
        places = dict(self._places)
        return iter(sorted(places, key=lambda name: (places[name][0], name)))

    def __len__(self) -> int:
        self._search()
        return len(self._places)

    def __repr__(self) -> str:
        return repr(dict(self))

    def _search(self) -> None:
        """Import the modules of the package and then plug-ins of other packages."""
        more = filter(_there, _EXTENSION_FOLDERS.get(self._room, ()))
        searches = [partial(discovered, room, self._prefix) for room in (self._room, *more)]
        self._once(*searches, partial(_load, _GROUPS.get(self._room, self._room)))


def _there(room: str) -> bool:
    outer = accumulate(room.split("."), "{}.{}".format)
    return all(find_spec(name) is not None for name in outer)


def without_extension(error: ModuleNotFoundError, name: str) -> Exception:
    """Return the error for a name of an extension that is not installed.

    Parameters
    ----------
    error : ModuleNotFoundError
        Original error, returned unchanged if another module is missing.
    name : str
        Name as typed, such as "nqp.Rings".
    """
    package, _, missing = (error.name or "").partition(".")
    extension = missing.partition(".")[0]
    if package != "bayes_nqp" or extension not in EXTENSIONS:
        return error
    return UnknownNameError(
        f"{name} belongs to the extension {extension!r}, which is not installed",
        hint=f"install bayes-nqp again: its folder bayes_nqp/{extension} is missing",
    )


@cache
def _points() -> EntryPoints:
    # As long an import as the whole of `import bayes_nqp`, which looks nothing up.
    from importlib.metadata import entry_points

    return entry_points()


def _load(group: str) -> None:
    """Import the plug-ins of installed packages by entry points in a group.

    An error omits only its plug-in, and is reported once.
    """
    for point in _points().select(group=group):
        reply(point.load, partial(_miss, point))


def _miss(point: EntryPoint, error: Exception) -> None:
    package = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    reason = f"{type(error).__name__}: {error}"
    _leave_out(
        package,
        point.value,
        f"{point.value} of the package {package}, an entry point of {point.group}, cannot be "
        f"loaded and is left out ({reason})",
        error,
    )


def _leave_out(package: str, value: str, warning: str, error: Exception) -> None:
    """Warn once of a plug-in that cannot be loaded."""
    if (package, value) not in _UNLOADED:
        _UNLOADED[package, value] = error
        warnings.warn(warning, UserWarning, stacklevel=1)


def unloaded() -> dict[tuple[str, str], Exception]:
    """Return the errors of plug-ins that could not be loaded, by package and name."""
    return dict(_UNLOADED)


def register[T](family: str, word: str = "") -> Callable[[type[T]], type[T]]:
    """Register a class of values for files and studies by the name of the class.

    Parameters
    ----------
    family : str
        Family of the value: "design", "errors", "pooling", "sampler", "likelihood", "time",
        "priors", "trends" or "index".
    word : str, optional
        Additional name in studies.

    Returns
    -------
    callable
        Decorator of a frozen dataclass. A class replaces an earlier one of the same name and
        package, for example if a notebook cell is run again. Other packages declare its module as
        an entry point in the group of the family, such as "bayes_nqp.terms".

    Raises
    ------
    StudyError
        If another package has the name or the word.
    """

    def decorate(kind: type[T]) -> type[T]:
        for name in filter(None, (kind.__name__, word)):
            claim(_VALUES, name, kind)
        kind.__family__ = family  # type: ignore[attr-defined]
        # The name comes last: who finds it, in any thread, finds all of it.
        _FAMILIES[kind.__name__] = family
        if word:
            _WORDS[word] = kind.__name__
        _KINDS[kind.__name__] = kind
        return kind

    return decorate


def family_of(name: str) -> str:
    """Return the family of a class; empty if not registered."""
    return _FAMILIES.get(name, "")


def registered(family: str | None = None) -> Mapping[str, type]:
    """Return the registered classes of values.

    Parameters
    ----------
    family : str, optional
        Family; by default all families, unsorted.

    Returns
    -------
    mapping of str to type
        Classes by name, sorted by name.
    """
    for group in {_TERMS, *_FAMILIES.values(), *_VALUES_IN} if family is None else (family,):
        folders = filter(_there, _VALUES_IN.get(group, ()))
        more = [partial(entered, folder) for folder in folders]
        _SEARCHES[group](*more, partial(_load, f"bayes_nqp.{group}"))
    kinds = dict(_KINDS)
    if family is None:
        return kinds
    return {name: kinds[name] for name in sorted(kinds) if _FAMILIES[name] == family}


def registered_as(kind: type) -> dict[str, type]:
    """Return the registered subclasses of a class or implementations of a protocol.

    Parameters
    ----------
    kind : type
        Class or protocol.
    """
    names = getattr(kind, "__protocol_attrs__", ())
    return {
        name: x
        for name, x in sorted(registered().items())
        if kind in x.__mro__ or (names and all(hasattr(x, attribute) for attribute in names))
    }


def needed(kind: type) -> list[str]:
    """Return the required arguments of a class."""
    return [
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    ]


def worded(family: str) -> dict[str, type]:
    """Return the classes of a family that have an additional name in studies."""
    kinds = registered(family)
    return {word: kinds[name] for word, name in dict(_WORDS).items() if name in kinds}
