"""What a run leaves to the next: fits, effects, numbers of refits, and results of checks."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pandas as pd

from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp._core.i18n import decoded, encoded
from bayes_nqp._core.io import Shelf
from bayes_nqp._core.limits import limit
from bayes_nqp._core.plugins import registered
from bayes_nqp._core.software import versions
from bayes_nqp.inference.fitting._batch import Kept
from bayes_nqp.inference.fitting._fit import MEMORY, Fit
from bayes_nqp.inference.fitting._serialize import dataset_from, dataset_parts, packed, unpacked
from bayes_nqp.model.codec import decode, encode
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics

if TYPE_CHECKING:
    import xarray as xr

    from bayes_nqp.data.panel import Panel
    from bayes_nqp.model.designs import Design


_PACKAGE: Final = __name__.partition(".")[0]
_STORE: Final = "store"


def once[T](fitted: Fit, key: Hashable, make: Callable[[], T]) -> T:
    """Make something for a fit once; the fit keeps it as long as it lives."""
    memory = _memory(fitted)
    if key not in memory:
        memory[key] = make()
    return cast("T", memory[key])


def _memory(fitted: Fit) -> dict[Hashable, Any]:
    """What a fit keeps, on the fit itself: it refers to no fit that keeps it, and goes with it."""
    memory: dict[Hashable, Any] = vars(fitted).setdefault(MEMORY, {})
    return memory


def keep(fitted: Fit, store: Store) -> Fit:
    """Let a fit keep its refits, and what checks say of it, in a store that outlives it."""
    _memory(fitted)[_STORE] = store
    return fitted


def kept(fitted: Fit, key: Hashable) -> object:
    """Return what a fit keeps under a key; None where that is nothing."""
    return _memory(fitted).get(key)


def forget(fitted: Fit, key: Hashable) -> object:
    """Take away what a fit keeps under a key; None where that is nothing."""
    return _memory(fitted).pop(key, None)


def fits_of(fitted: Fit) -> list[Fit]:
    """A fit, and those that it keeps."""
    return [fitted, *(x for x in _memory(fitted).values() if isinstance(x, Fit))]


def renamed(fitted: Fit, names: Mapping[str, str]) -> Fit:
    """The same fit under other names: what either keeps, both do.

    Parameters
    ----------
    names : mapping of str to str
        Attrs of its effects, beside those that they have.
    """
    effects = fitted.groups["effects"].assign_attrs(names)
    other = replace(fitted, groups={**fitted.groups, "effects": effects})
    vars(other)[MEMORY] = _memory(fitted)
    return other


def store_of(fitted: Fit) -> Store | None:
    """The store of a fit, if it has one."""
    return _memory(fitted).get(_STORE)


class Store:
    """Work that was paid for, in a folder: kept as it is made, and found again by what made it.

    What a value was made from is its key: rows, design, sampler, and the code with the versions
    of what it rests on. A value that was made is used as it was read back, so that a run that was
    taken up and one that was not end in the same numbers to the last bit.

    A folder that cannot be made, or a full disk, costs the keeping and nothing else.

    Parameters
    ----------
    folder : Path or None
        None keeps nothing.
    fresh : bool, default False
        Whether what is there is ignored, and made anew.
    """

    def __init__(self, folder: Path | None, *, fresh: bool = False) -> None:
        self.fresh = fresh
        self.reused: list[str] = []
        """What was found, in words."""
        self.fault = ""
        """Why nothing more is kept."""
        self._shelf: Shelf | None = None
        self._ground = _ground()
        if folder is not None and self._ground:
            try:
                self._shelf = Shelf(folder, limit("kept"))
            except (NQPError, OSError) as error:
                self.fault = str(getattr(error, "what", error))

    @property
    def keeps(self) -> bool:
        """Whether anything is kept."""
        return self._shelf is not None

    def recall[T](
        self,
        key: Iterable[object],
        make: Callable[[], T],
        into: Callable[[T], bytes],
        out_of: Callable[[bytes], T],
        work: str = "",
    ) -> T:
        """Find a value, or make and keep it.

        Parameters
        ----------
        key : iterable
            Plain data and values that `encode` takes: all that the value is made from.
        make : callable
            Makes it where it is not there.
        into, out_of : callable
            To bytes and back; what is not the same once it was read back is not kept. ``into``
            raises TypeError where a value is nothing that can be kept.
        work : str, optional
            In words, for `reused`.
        """
        name = self._name(key)
        fit = self._found(name, out_of)
        if fit is not None:
            if work:
                self.reused.append(work)
            return fit
        value = make()
        try:
            content = into(value)
            again = out_of(content)
            if into(again) != content:
                return value
        except (TypeError, ValueError):
            return value
        if name:
            self._keep(name, content)
        return again

    def fit(
        self, make: Callable[[], Fit], panel: Panel, design: Design, *parts: object, work: str = ""
    ) -> Fit:
        """Find a fit, or make and keep it; it keeps its refits here too.

        Parameters
        ----------
        *parts
            All else that the fit is made from.
        work : str, optional
            In words, for `reused`.
        """
        recalled = self.recall(
            fit_key(panel, design, *parts),
            make,
            _fit_bytes,
            lambda content: _fit_from(content, design, panel),
            work,
        )
        return keep(recalled, self)

    def effects(
        self, make: Callable[[], xr.Dataset], panel: Panel, design: Design, *parts: object
    ) -> xr.Dataset:
        """Find a Dataset of the waist, or make and keep it, likewise."""
        return self.recall(
            fit_key(panel, design, *parts),
            make,
            lambda effects: packed(*dataset_parts(effects)),
            lambda content: dataset_from(*unpacked(content)),
        )

    def numbers(self, key: Iterable[object]) -> Kept | None:
        """Results of batches that belong to a key; None where nothing is kept."""
        name = self._name(key)
        if self._shelf is None or not name:
            return None
        shelf = Kept(self._shelf, f"{name} ")
        if self.fresh:
            shelf.clear()
        return shelf

    def _name(self, key: Iterable[object]) -> str:
        """The key as a digest; empty where it holds what has no plain form."""
        try:
            text = json.dumps([encode(part) for part in key], ensure_ascii=True)
        except (StudyError, TypeError, ValueError):
            return ""
        return hashlib.sha256(f"{self._ground} {text}".encode()).hexdigest()

    def _found[T](self, name: str, out_of: Callable[[bytes], T]) -> T | None:
        if self._shelf is None or self.fresh or not name:
            return None
        try:
            return out_of(self._shelf[name])
        except (KeyError, ValueError, TypeError, OSError, NQPError):
            return None

    def _keep(self, name: str, content: bytes) -> None:
        if self._shelf is None:
            return
        try:
            self._shelf[name] = content
        except (NQPError, OSError) as error:
            self.fault, self._shelf = str(getattr(error, "what", error)), None


def fit_key(panel: Panel, *parts: object) -> tuple[object, ...]:
    """What a fit is made from: its panel with all columns in their order, and what is named."""
    rows = hashlib.sha256(pd.util.hash_pandas_object(panel.frame, index=False).to_numpy())
    columns = [f"{name} {kind}" for name, kind in panel.frame.dtypes.items()]
    return (panel.digest, rows.hexdigest(), columns, panel.labels.text, *parts)


def _fit_bytes(fit: Fit) -> bytes:
    """Draws of a fit and what is said of them, without its panel."""
    groups, arrays = {}, []
    for name, group in fit.groups.items():
        groups[name], values = dataset_parts(group)
        arrays += values
    gate = asdict(fit.gate)
    head = {
        "groups": groups, "sampler": encode(fit.sampler), "gate": gate,
        "record": dict(fit.record), "versions": dict(fit.versions), "notes": encoded(fit.notes),
    }  # fmt: skip
    return packed(head, arrays)


def _fit_from(content: bytes, design: Any, panel: Panel) -> Fit:
    """Make a fit of its draws, its design and its panel."""
    head, arrays = unpacked(content)
    groups, taken = {}, 0
    for name, parts in head["groups"].items():
        count = len(parts["variables"])
        groups[name] = dataset_from(parts, arrays[taken : taken + count])
        taken += count
    gate = head["gate"]
    return Fit(
        design, panel, decode(head["sampler"]), groups,
        ConvergenceDiagnostics(**{**gate, "failures": tuple(gate["failures"])}), head["record"],
        head["versions"],
        tuple(decoded(head["notes"])),
    )  # fmt: skip


def _ground() -> str:
    """Digest of the code that makes values, and of the versions of what it rests on.

    Empty where a value that is registered stands in no file, as in a notebook.
    """
    foreign = sorted(
        {
            kind.__module__
            for kind in registered().values()
            if kind.__module__.partition(".")[0] != _PACKAGE
        }
    )
    seal = hashlib.sha256(json.dumps([_code(), versions()]).encode())
    for name in foreign:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is None:
            return ""
        seal.update(Path(file).read_bytes())
    return seal.hexdigest()


@cache
def _code() -> str:
    """Digest of the package's own modules."""
    folder = Path(__file__).parents[2]
    seal = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        seal.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return seal.hexdigest()
