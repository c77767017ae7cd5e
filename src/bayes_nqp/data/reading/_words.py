"""Words by which cells and columns are read, in English and in Chinese: those of `words.toml`."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

WORDS: Final[dict[str, dict[str, Any]]] = tomllib.loads(
    files("bayes_nqp.data.reading").joinpath("words.toml").read_text(encoding="utf-8")
)
