"""Plots, one a file; each function returns a matplotlib figure and neither shows nor saves it.

`output.reports` and all higher packages may import it.
"""

from typing import Any

from bayes_nqp.output.plots._registry import DRAWERS as DRAWERS
from bayes_nqp.output.plots._registry import PLOTS as PLOTS
from bayes_nqp.output.plots._registry import Appearance as Appearance
from bayes_nqp.output.plots._registry import Sketch as Sketch
from bayes_nqp.output.plots._registry import evidence as evidence
from bayes_nqp.output.plots._registry import plot as plot
from bayes_nqp.output.plots._registry import sketches as sketches
from bayes_nqp.output.plots._scene import Scene as Scene


def __getattr__(name: str) -> Any:
    """Find a plot by name; matplotlib is imported when the first is looked up."""
    if name == "__all__":
        return sorted(PLOTS)
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name not in PLOTS:
        from bayes_nqp._core.validation import absent

        raise absent("nqp.plots", name, PLOTS)
    return PLOTS[name].draw


def __dir__() -> list[str]:
    return sorted(PLOTS)
