"""Colours, axes, intervals, maps and notes that plots of extensions are drawn with."""

from bayes_nqp.output.plots._canvas import NAMED, canvas, columns_of
from bayes_nqp.output.plots._intervals import draw_points, points_of
from bayes_nqp.output.plots._map_shapes import BLANK, PLACES, land_of
from bayes_nqp.output.plots._notes import POINTS, effect_label, label_beside, words
from bayes_nqp.output.plots._style import ACCENT, COLOURS, FAINT, INK, MUTED, WARNING

__all__ = [
    "ACCENT",
    "BLANK",
    "COLOURS",
    "FAINT",
    "INK",
    "MUTED",
    "NAMED",
    "PLACES",
    "POINTS",
    "WARNING",
    "canvas",
    "columns_of",
    "draw_points",
    "effect_label",
    "label_beside",
    "land_of",
    "points_of",
    "words",
]
