"""Load the English and Chinese words of `words.toml` that identify cells and columns."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

WORDS: Final[dict[str, dict[str, Any]]] = tomllib.loads(
    files("bayes_nqp.data.reading").joinpath("words.toml").read_text(encoding="utf-8")
)
