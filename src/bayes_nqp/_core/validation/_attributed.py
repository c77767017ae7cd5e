"""Base classes for attributes that are defined in other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from bayes_nqp._core.exceptions import ArgumentError, UnknownLabelError
from bayes_nqp._core.validation._attributes import Attributed
from bayes_nqp._core.validation._names import answer


class FitAttributes(Attributed):
    """Attributes of a fit; a fit is not a container, and errors name the parts to use."""

    if not TYPE_CHECKING:

        def __bool__(self) -> bool:
            return True

        def __len__(self) -> NoReturn:
            raise ArgumentError("a Fit has no length", hint=answer("Fit", "nobs"))

        def __getitem__(self, key: object) -> NoReturn:
            hint = answer("Fit", str(key)) or (
                f"fit.att(by={key!r}) returns effects by group, fit.panel[{key!r}] a column, "
                "fit.posterior the draws"
                if isinstance(key, str)
                else "fit.posterior has the draws of parameters, fit.att() those of the effect"
            )
            raise UnknownLabelError(f"a Fit has no part {key!r}", hint=hint)

        def _no_number(self, *_: object, **__: object) -> NoReturn:
            raise ArgumentError("a Fit is neither a number nor an array", hint=_PARTS)

        def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
            if dtype is None or dtype.kind != "O":
                self._no_number()
            import numpy as np

            alone = np.empty((), dtype=object)
            alone[()] = self
            return alone

        __float__ = __lt__ = __le__ = __gt__ = __ge__ = _no_number
        __abs__ = __neg__ = __round__ = __pow__ = _no_number
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _no_number


_PARTS = (
    "nqp.att(fit) has its draws, nqp.table([fit, other]) sets fits side by side, and ArviZ takes "
    "fit.to_arviz(): az.summary(fit.to_arviz())"
)


class DrawsAttributes(Attributed):
    """Attributes of labelled draws."""

    __slots__ = ()


class PanelAttributes(Attributed):
    """Attributes of a panel."""


class CheckResultAttributes(Attributed):
    """Attributes of a check result."""


class TableAttributes(Attributed):
    """Attributes of a table."""

    if not TYPE_CHECKING:

        def __getitem__(self, key: object) -> NoReturn:
            raise UnknownLabelError(f"a Table has no part {key!r}", hint="table.to_frame()[…]")
