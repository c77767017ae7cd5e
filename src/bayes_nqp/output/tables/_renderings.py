"""Base class for the rendering methods of tables."""

from __future__ import annotations


class Renderings:
    """A table's ``to_…``, one for each format, set where the format registers."""
