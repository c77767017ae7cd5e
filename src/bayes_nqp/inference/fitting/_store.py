"""Results stored between runs: fits, effects, results of refits and of checks."""

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
    """Compute a value for a fit once, and store it in memory with the fit."""
    memory = _memory(fitted)
    if key not in memory:
        memory[key] = make()
    return cast("T", memory[key])


def _memory(fitted: Fit) -> dict[Hashable, Any]:
    """Return the values stored with a fit.

    The fit contains them, and they do not refer back to it, so that both are freed together.
    """
    memory: dict[Hashable, Any] = vars(fitted).setdefault(MEMORY, {})
    return memory


def keep(fitted: Fit, store: Store) -> Fit:
    """Attach a store on disk to a fit, for its refits and the results of its checks."""
    _memory(fitted)[_STORE] = store
    return fitted


def kept(fitted: Fit, key: Hashable) -> object:
    """Return the value that a fit stores under a key; None if there is none."""
    return _memory(fitted).get(key)


def forget(fitted: Fit, key: Hashable) -> object:
    """Remove and return the value that a fit stores under a key; None if there is none."""
    return _memory(fitted).pop(key, None)


def fits_of(fitted: Fit) -> list[Fit]:
    """Return a fit, and the fits that it stores."""
    return [fitted, *(x for x in _memory(fitted).values() if isinstance(x, Fit))]


def renamed(fitted: Fit, names: Mapping[str, str]) -> Fit:
    """Return the same fit under other names; both share one memory.

    Parameters
    ----------
    names : mapping of str to str
        Attrs of its effects, in addition to the existing ones.
    """
    effects = fitted.groups["effects"].assign_attrs(names)
    other = replace(fitted, groups={**fitted.groups, "effects": effects})
    vars(other)[MEMORY] = _memory(fitted)
    return other


def store_of(fitted: Fit) -> Store | None:
    """Return the store of a fit, if it has one."""
    return _memory(fitted).get(_STORE)


class Store:
    """Results of expensive computations in a folder, found again by the inputs of each.

    The key of a value consists of its inputs: observations, design, sampler, and the code with the
    versions of the packages that it uses. A new value is used in the form in which it was read
    back. Interrupted runs that are resumed therefore give bitwise the same results as uninterrupted
    ones.

    If the folder cannot be created, or the disk is full, values are computed but not stored.

    Parameters
    ----------
    folder : Path or None
        Folder of the store; with None nothing is stored.
    fresh : bool, default False
        If True, existing values are ignored and computed again.
    """

    def __init__(self, folder: Path | None, *, fresh: bool = False) -> None:
        self.fresh = fresh
        self.reused: list[str] = []
        """Descriptions of values that were found."""
        self.fault = ""
        """Reason why nothing more is stored."""
        self._shelf: Shelf | None = None
        self._ground = _ground()
        if folder is not None and self._ground:
            try:
                self._shelf = Shelf(folder, limit("kept"))
            except (NQPError, OSError) as error:
                self.fault = str(getattr(error, "what", error))

    @property
    def keeps(self) -> bool:
        """Return True if values are stored."""
        return self._shelf is not None

    def recall[T](
        self,
        key: Iterable[object],
        make: Callable[[], T],
        into: Callable[[T], bytes],
        out_of: Callable[[bytes], T],
        work: str = "",
    ) -> T:
        """Return a stored value, or compute and store it.

        Parameters
        ----------
        key : iterable
            All inputs of the value: plain data and values that `encode` takes.
        make : callable
            Computes the value if it is not stored.
        into, out_of : callable
            Conversion to bytes and back. A value that changes in this round trip is not stored.
            ``into`` raises TypeError if a value cannot be stored.
        work : str, optional
            Description of the work, for `reused`.
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
        """Return a stored fit, or compute and store it; its refits are stored here, too.

        Parameters
        ----------
        *parts
            All other inputs of the fit.
        work : str, optional
            Description of the work, for `reused`.
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
        """Return a stored effects dataset, or compute and store it."""
        return self.recall(
            fit_key(panel, design, *parts),
            make,
            lambda effects: packed(*dataset_parts(effects)),
            lambda content: dataset_from(*unpacked(content)),
        )

    def numbers(self, key: Iterable[object]) -> Kept | None:
        """Return the results of batches that belong to a key; None if nothing is stored."""
        name = self._name(key)
        if self._shelf is None or not name:
            return None
        shelf = Kept(self._shelf, f"{name} ")
        if self.fresh:
            shelf.clear()
        return shelf

    def _name(self, key: Iterable[object]) -> str:
        """Return the key's digest; empty if the key contains a value that cannot be encoded."""
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
    """Return the inputs of a fit: the panel with its columns in order, and further parts."""
    rows = hashlib.sha256(pd.util.hash_pandas_object(panel.frame, index=False).to_numpy())
    columns = [f"{name} {kind}" for name, kind in panel.frame.dtypes.items()]
    return (panel.digest, rows.hexdigest(), columns, panel.labels.text, *parts)


def _fit_bytes(fit: Fit) -> bytes:
    """Convert the draws of a fit and their diagnostics to bytes, without the panel."""
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
    """Build a fit from its draws, its design and its panel."""
    head, arrays = unpacked(content)
    groups, taken = {}, 0
    for name, parts in head["groups"].items():
        count = len(parts["variables"])
        groups[name] = dataset_from(parts, arrays[taken : taken + count])
        taken += count
    gate = head["gate"]
    return Fit(
        design, design.prepared(panel), decode(head["sampler"]), groups,
        ConvergenceDiagnostics(**{**gate, "failures": tuple(gate["failures"])}), head["record"],
        head["versions"],
        tuple(decoded(head["notes"])),
    )  # fmt: skip


def _ground() -> str:
    """Return a digest of the package's code and of the versions of packages that it uses.

    It is empty if a registered value is not defined in a file, as in a notebook.
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
    """Return a digest of the package's own modules."""
    folder = Path(__file__).parents[2]
    seal = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        seal.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return seal.hexdigest()
