"""One drawing gives the pixels and the lines that matplotlib gives in two."""

from __future__ import annotations

import io
import re
from collections import Counter

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from bayes_nqp.output.reports._pages import DPI, drawn

SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "bayes_nqp", "text.hinting": "none"}


def figure() -> Figure:
    page = Figure(figsize=(4.1, 2.7), layout="constrained")
    ax = page.subplots()
    ax.plot([0, 1, 3], [0, 2, 1], "--D", linewidth=1.7, markersize=4)
    ax.vlines([0.5, 1.5], 0, [1.0, 2.0], linewidth=[0.6, 2.4], linestyles="dotted")
    ax.scatter([1, 2, 2.5], [0.4, 1, 1.6], s=20, linewidth=0.9)
    ax.pcolormesh(
        np.arange(3), np.arange(2), [[0.2, 0.8]], edgecolors="k", linewidth=0.5, alpha=0.3
    )
    ax.imshow([[0.1, 0.9]], extent=(2.2, 3, 0, 0.5), aspect="auto")
    ax.bar([2.6], [2], width=0.4, hatch="//", edgecolor="k", linewidth=1.3)
    ax.text(0.2, 1.8, "a text & an oblique one", fontsize=7, rotation=20)
    ax.set_xlabel("Event time", fontsize=9)
    return page


@pytest.fixture(scope="module")
def apart() -> dict[str, bytes]:
    files = {}
    for ending in ("png", "svg"):
        with mpl.rc_context(SETTINGS):
            page, file = figure(), io.BytesIO()
            page.set_dpi(DPI)
            page.draw_without_rendering()
            page.set_layout_engine("none")
            page.savefig(file, format=ending, dpi=DPI)
        files[ending] = file.getvalue()
    return files


@pytest.mark.slow
def test_pixels_are_those_of_a_drawing_by_itself(apart: dict[str, bytes]) -> None:
    pixels, _ = drawn(figure())
    alone = np.asarray(Image.open(io.BytesIO(apart["png"])).convert("RGB"), dtype=int)
    both = np.asarray(pixels.convert("RGB"), dtype=int)
    assert both.shape == alone.shape
    assert (np.abs(both - alone).max(axis=-1) > 40).mean() < 1e-3  # 256 colours are few


def measures(svg: str, scale: float) -> dict[str, Counter[float]]:
    """Widths of strokes, dashes and sizes of letters, in points."""
    found = {}
    for name in ("stroke-width", "stroke-dasharray", "font-size"):
        values = re.findall(rf"[\s\";]{name}: ([\d., ]+)", svg)
        numbers = [float(x) for value in values for x in value.strip(" ,").split(",")]
        found[name] = Counter(round(x * scale, 2) for x in numbers)
    return found


@pytest.mark.slow
def test_lines_are_as_wide_and_letters_as_large_as_by_themselves(apart: dict[str, bytes]) -> None:
    page, alone = drawn(figure())[1].decode(), apart["svg"].decode()
    size = re.compile(r'width="([\d.]+)pt" height="([\d.]+)pt"')
    ours, theirs = (size.search(text) for text in (page, alone))
    assert ours is not None
    assert theirs is not None
    assert [float(x) for x in ours.groups()] == pytest.approx([float(x) for x in theirs.groups()])
    together, own = measures(page, 72 / DPI), measures(alone, 1.0)
    assert sum(own["font-size"].values()) > 5
    assert together["font-size"] == own["font-size"]
    assert together["stroke-dasharray"] == own["stroke-dasharray"]
    for width in (1.7, 0.6, 2.4, 0.9, 0.5, 1.3):
        assert together["stroke-width"][width] == own["stroke-width"][width] > 0
    assert page.count("<text") == alone.count("<text")
    assert page.count('patternTransform="scale(4.16667)"') == alone.count("<pattern") > 0
