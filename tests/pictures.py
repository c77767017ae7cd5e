"""Figures drawn for real, so that a missing glyph warns, and warnings are errors. Used by plots."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


def rendered(figure: Figure) -> int:
    """Bytes of a figure's picture."""
    picture = io.BytesIO()
    figure.savefig(picture, dpi=50)
    return picture.getbuffer().nbytes
