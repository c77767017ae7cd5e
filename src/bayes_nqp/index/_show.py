"""An index as text and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.columns import counted
from bayes_nqp.markup import facts_html, facts_text

if TYPE_CHECKING:
    import pandas as pd

    from bayes_nqp.index._index import Index

__all__ = ["html", "text"]


def _facts(index: Index) -> list[tuple[str, str]]:
    recipe, values = index.recipe, index.values.dropna()
    read = index.problem.read
    bounds = recipe.normalise
    scale = f"bounds of {bounds.base}" if bounds.base is not None else f"{bounds.scope} bounds"
    facts = [
        ("index of", recipe.system.name or "indicators"),
        ("rows", f"{len(values):,} of {len(index.rows):,}, {read.labels[0]} to {read.labels[-1]}"),
        ("indicators", f"{len(recipe.system.keys)} in "
         f"{counted(len(recipe.system.dimensions), 'dimension')}, {scale}"),
        ("weights", f"{recipe.weights!r}, {recipe.hierarchy}"),
        ("values", f"mean {values.mean():.4g}, sd {values.std():.4g}, "
         f"{values.min():.4g} to {values.max():.4g}"),
    ]  # fmt: skip
    return facts + [("note", note) for note in index.notes]


def _weights(index: Index) -> pd.DataFrame:
    """Weights by indicator; the mean over periods where they differ."""
    table = index.weights
    if "period" not in table:
        return table
    order = list(index.recipe.system.keys)
    mean = table.groupby("indicator")[["weight", "contribution"]].mean().loc[order].reset_index()
    first = table.drop(columns=["period", "weight", "contribution"]).drop_duplicates("indicator")
    return first.merge(mean, on="indicator")


def text(index: Index) -> str:
    """Write an index as text."""
    table = _weights(index).to_string(index=False, float_format="{:.4f}".format)
    lines = [f"  {line}" for line in table.splitlines()]
    return "\n".join([facts_text("<Index>", _facts(index)), *lines])


def html(index: Index) -> str:
    """Write an index as small tables."""
    table = _weights(index).to_html(index=False, float_format="{:.4f}".format, border=0)
    return facts_html("Index", _facts(index), table=table)
