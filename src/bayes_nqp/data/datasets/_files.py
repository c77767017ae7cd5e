"""Read the data files of the package, each once."""

from __future__ import annotations

import io
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd


@cache
def _text(name: str) -> str:
    return files("bayes_nqp.data.datasets").joinpath("data", name).read_text(encoding="utf-8-sig")


def read_toml(name: str) -> dict[str, Any]:
    """Read a .toml file of `data/datasets/data`."""
    return tomllib.loads(_text(name))


def read_csv(name: str) -> pd.DataFrame:
    """Read a .csv file of `data/datasets/data` with its source in the first comment lines."""
    return pd.read_csv(io.StringIO(_text(name)), comment="#")
