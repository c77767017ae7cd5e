"""Where attributes of another room hang."""

from __future__ import annotations

from bayes_nqp.doors._attributes import Attributed


class FitAttributes(Attributed):
    """A fit's, one a file."""


class DrawsAttributes(Attributed):
    """Those of labelled draws."""

    __slots__ = ()


class PanelAttributes(Attributed):
    """A panel's."""


class CheckResultAttributes(Attributed):
    """Those of a check's result."""


class TableAttributes(Attributed):
    """A table's."""
