"""Where attributes of another room hang."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from bayes_nqp.doors._attributes import Attributed
from bayes_nqp.doors._names import answer
from bayes_nqp.errors import ArgumentError, UnknownLabelError


class FitAttributes(Attributed):
    """A fit's, one a file; it is no container, and says where its parts and rows are."""

    if not TYPE_CHECKING:

        def __bool__(self) -> bool:
            return True

        def __len__(self) -> NoReturn:
            raise ArgumentError("a Fit has no length", hint=answer("Fit", "nobs"))

        def __getitem__(self, key: object) -> NoReturn:
            hint = answer("Fit", str(key)) or (
                f"fit.att(by={key!r}) has effects by a stratum, fit.panel[{key!r}] a column, "
                "fit.posterior the draws"
            )
            raise UnknownLabelError(f"a Fit has no part {key!r}", hint=hint)


class DrawsAttributes(Attributed):
    """Those of labelled draws."""

    __slots__ = ()


class PanelAttributes(Attributed):
    """A panel's."""


class CheckResultAttributes(Attributed):
    """Those of a check's result."""


class TableAttributes(Attributed):
    """A table's."""
