"""How a frame remembers that a column of it is an index.

The recipe travels in ``frame.attrs``, as plain data: pandas keeps it when rows are chosen, and
Parquet when it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from bayes_nqp.doors import door
from bayes_nqp.registry import registered

if TYPE_CHECKING:
    import pandas as pd

    from bayes_nqp.index._recipe import Recipe


_KEY, _TAG = "bayes_nqp.index", "type"


def remember(frame: pd.DataFrame, name: str, recipe: Recipe, unit: str, time: str) -> pd.DataFrame:
    """Note the recipe of a column.

    Parameters
    ----------
    frame : DataFrame
        Is changed.
    name : str
        The column.
    unit, time : str
        Columns of the rows that it was built from.

    Returns
    -------
    DataFrame
        The same.
    """
    recipes = dict(frame.attrs.get(_KEY, {}))
    recipes[name] = {"recipe": _plain(recipe), "unit": unit, "time": time}
    frame.attrs = {**frame.attrs, _KEY: recipes}
    return frame


@door
def recalled(frame: pd.DataFrame) -> dict[str, Any]:
    """Recipes of the columns that are indices."""
    return {
        name: _value(recipes["recipe"])
        for name, recipes in frame.attrs.get(_KEY, {}).items()
        if name in frame.columns
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        held = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        return {_TAG: type(value).__name__, **held}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


def _value(data: Any) -> Any:
    if isinstance(data, list):
        return tuple(_value(part) for part in data)
    if isinstance(data, Mapping):
        return registered("index")[data[_TAG]](
            **{k: _value(x) for k, x in data.items() if k != _TAG}
        )
    return data
