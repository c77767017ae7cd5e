"""Labelled draws of a quantity, as xarray has them, that show their summary first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import DrawsAttributes
from bayes_nqp.errors import ArgumentError, UnknownLabelError, brief, nearest

__all__ = ["Draws"]

_SHOWN: Final = 60


class Draws(DrawsAttributes, xr.DataArray):
    """Draws (chain, draw, ...): a DataArray, for ArviZ and whoever else takes one.

    What is cut from it, and what is computed from it, is one too; without chain and draw it is
    shown as any other.
    """

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            try:
                return xr.DataArray.__getattr__(self, name)
            except AttributeError:
                return DrawsAttributes.__getattr__(self, name)

        def __getitem__(self, key: Any) -> Draws:
            try:
                return super().__getitem__(key)
            except KeyError:
                raise self._lacking({None: key}) from None

        def sel(self, indexers: Any = None, *options: Any, **named: Any) -> Draws:
            """Select labels, as xarray does."""
            try:
                return super().sel(indexers, *options, **named)
            except KeyError:
                raise self._lacking({**(indexers or {}), **named}) from None
            except (TypeError, ValueError, IndexError) as error:
                raise ArgumentError(
                    f"draws.sel cannot take this: {brief(str(error))}",
                    hint="labels by their dim, such as draws.sel(event_time=0)",
                ) from error

    def _lacking(self, wanted: Mapping[Any, Any]) -> UnknownLabelError:
        """Say which of the labels asked for is none of its dim, and where it is one."""
        labels = {str(dim): self.indexes[dim] for dim in self.dims if dim in self.indexes}
        for dim, label in wanted.items():
            if dim in labels and label in labels[dim]:
                continue
            holders = [f"draws.sel({name}={label!r})" for name in labels if label in labels[name]]
            if holders:
                return UnknownLabelError(f"{label!r} names no part by itself", hint=holders[0])
            if dim in labels:
                return UnknownLabelError(
                    f"{dim!r} has no label {label!r}", hint=nearest(label, labels[dim])
                )
            name = label if dim is None else dim
            return UnknownLabelError(f"the draws have no dim {name!r}", hint=nearest(name, labels))
        return UnknownLabelError("the draws lack what was asked for")

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
        """As many labels as a screen holds, the last dims whole where they can be."""
        room, few = _SHOWN, self
        for dim in reversed([dim for dim in self.dims if dim not in v.SAMPLE_DIMS]):
            few = few.isel({dim: slice(room)})
            room = max(room // few.sizes[dim], 1)
        return few
