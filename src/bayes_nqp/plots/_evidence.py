"""What every picture of evidence is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp.checks import CheckResult
from bayes_nqp.language import Translator

__all__ = ["Drawer", "Look"]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """How a picture is to look.

    Parameters
    ----------
    prob : float
        Posterior probability of intervals.
    ax : Axes or None
        To draw into.
    title : str or None
        Of the figure.
    translate : Translator
        Renders labels and notes.
    """

    prob: float
    ax: Axes | None
    title: str | None
    translate: Translator


type Drawer = Callable[[CheckResult, Look], Figure]
