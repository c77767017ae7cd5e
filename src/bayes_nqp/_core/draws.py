"""Labelled posterior draws as xarray objects that print their summary first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import (
    ArgumentError,
    UnknownLabelError,
    UnknownNameError,
    brief,
    nearest,
    shown,
)
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import DrawsAttributes, answer

__all__ = ["Draws"]

_SHOWN: Final = 60
_FLAT: Final = 2
"""Dims that a data frame has, at most."""
_UNIT_ALIKE: Final = 0.85
"""How alike the names of two units must be for one to be the other, misspelt."""


class Draws(DrawsAttributes, xr.DataArray):
    """Posterior draws (chain, draw, ...): a DataArray for ArviZ and other packages.

    Subsets and results of computations are `Draws` too; without chain and draw they are printed as
    a plain DataArray.
    """

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            try:
                return xr.DataArray.__getattr__(self, name)
            except AttributeError:
                if not name.startswith("_") and (holder := self._holder(name)):
                    raise UnknownNameError(f"{name!r} is a label", hint=holder) from None
                return DrawsAttributes.__getattr__(self, name)

        def __round__(self, digits: int = 0) -> Draws:
            return self.round(digits)

        def to_pandas(self) -> Any:
            """Return a Series or a DataFrame for draws with at most two dims."""
            if self.ndim > _FLAT:
                dims = shown(map(str, self.dims))
                raise ArgumentError(
                    f"the draws have the dims {dims}", hint="draws.to_dataframe(), draws.summary()"
                )
            return super().to_pandas()

        def __getitem__(self, key: Any) -> Draws:
            try:
                return super().__getitem__(key)
            except KeyError:
                raise self._lacking({None: key}) from None

        def sel(self, indexers: Any = None, *options: Any, **named: Any) -> Draws:
            """Select labels, as in xarray."""
            try:
                return super().sel(indexers, *options, **named)
            except KeyError:
                raise self._lacking({**(indexers or {}), **named}) from None
            except (TypeError, ValueError, IndexError) as error:
                raise ArgumentError(
                    f"draws.sel does not accept this: {brief(str(error))}",
                    hint="select labels by dim, such as draws.sel(event_time=0)",
                ) from error

    def _lacking(self, wanted: Mapping[Any, Any]) -> UnknownLabelError:
        """Return the error for a label that is not in its dim, with the dim that has it."""
        labels = {str(dim): self.indexes[dim] for dim in self.dims if dim in self.indexes}
        for dim, label in wanted.items():
            if dim in labels and label in labels[dim]:
                continue
            if holder := self._holder(label):
                return UnknownLabelError(f"{label!r} is not a label of draws", hint=holder)
            others = [name for name in labels if name not in v.SAMPLE_DIMS]
            if dim in v.SAMPLE_DIMS and isinstance(label, str) and others:
                return UnknownLabelError(
                    f"{label!r} is not a {dim}", hint=f"draws.sel({others[0]}={label!r})"
                )
            if dim in labels:
                return UnknownLabelError(
                    f"{dim!r} has no label {label!r}", hint=_near(str(dim), label, labels[dim])
                )
            name = label if dim is None else dim
            hint = answer("Draws", str(name)) or nearest(name, labels)
            return UnknownLabelError(f"the draws have no dim {name!r}", hint=hint)
        return UnknownLabelError("the draws do not contain the requested label")

    def _holder(self, label: Any) -> str:
        """Return the code to select a label of a dim other than chain and draw; "" otherwise."""
        indexes = self.indexes.items() if isinstance(label, str) else ()
        dims = [dim for dim, index in indexes if dim not in v.SAMPLE_DIMS and label in index]
        return f"draws.sel({dims[0]}={label!r})" if dims else ""

    def __repr__(self) -> str:
        below = repr(xr.DataArray(self))
        if not self._summarised:
            return below
        return "\n".join([self._title, repr(self._few.summary()), "", below])

    def _repr_html_(self) -> str:
        below: str = xr.DataArray(self)._repr_html_()  # type: ignore[no-untyped-call]
        if not self._summarised:
            return below
        table = self._few.summary().round(4).to_html(index=False, border=0)
        return f"<div><div>{self._title}</div>{table}{below}</div>"

    @property
    def _summarised(self) -> bool:
        return {*v.SAMPLE_DIMS} <= {*self.dims} and self.dtype.kind == "f" and self.size > 0

    @property
    def _title(self) -> str:
        chains, draws = (self.sizes[dim] for dim in v.SAMPLE_DIMS)
        left = self.size - self._few.size
        name = "draws" if self.name is None else self.name
        some = f"; the first {self._few.size // (chains * draws):,} labels" if left else ""
        return f"{name}: {chains * draws:,} draws, 95 % intervals{some}"

    @property
    def _few(self) -> Draws:
        """Select as many labels as fit on a screen, with complete last dims if possible."""
        room, few = _SHOWN, self
        for dim in reversed([dim for dim in self.dims if dim not in v.SAMPLE_DIMS]):
            few = few.isel({dim: slice(room)})
            room = max(room // few.sizes[dim], 1)
        return few


def _near(dim: str, label: Any, labels: pd.Index[Any]) -> Message | str:
    """Suggest a label of a dim, or give the reason why the label has no effect."""
    names = list(map(str, labels))
    listed = Message("choose one of: {}", shown(names, 12))
    if dim == v.EVENT_TIME:
        early = str(label).strip().startswith("-")
        return _LEADS if early else listed
    if not isinstance(label, str) or label in names:
        return listed
    if dim != v.UNIT:
        return nearest(label, labels)
    longer = [x for x in names if label in x or x in label]
    hint = nearest(label, longer or names, 0.0 if longer else _UNIT_ALIKE)
    return Message("only treated units have effects; {}", hint)


_LEADS: Final = Message(
    "effects are defined from adoption on; for leads use nqp.plots.event_study(fit) or "
    "nqp.check(fit, 'pretrends')"
)
