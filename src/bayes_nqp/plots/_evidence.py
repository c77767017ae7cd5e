"""What every picture of evidence is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp.checks import CheckResult
from bayes_nqp.language import Translator
from bayes_nqp.plots._words import Language

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
    language : {"en", "zh"}
        Of labels and notes.
    translate : Translator
        The words of that language.
    """

    prob: float
    ax: Axes | None
    title: str | None
    language: Language
    translate: Translator


type Drawer = Callable[[CheckResult, Look], Figure]
