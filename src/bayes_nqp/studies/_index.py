"""Convert [index] to a recipe, and build the index of a study's rows."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isfunction, signature
from pathlib import Path
from typing import Any

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import text_path
from bayes_nqp._core.plugins import registered
from bayes_nqp.data import index as indices
from bayes_nqp.data import simulation
from bayes_nqp.data.index import IndexSystem, ProductivityIndex, system_of
from bayes_nqp.studies._decode import member_of
from bayes_nqp.studies._schema import IndexKeys


def systems() -> dict[str, Callable[[], IndexSystem]]:
    """Return the names of built-in systems of indicators, including those of simulations."""
    members_of_rooms = {
        name: getattr(room, name) for room in (indices, simulation) for name in room.__all__
    }
    return {
        name: make
        for name, make in members_of_rooms.items()
        if isfunction(make) and signature(make).return_annotation == "IndexSystem"
    }


def schemes() -> dict[str, type]:
    """Return the names of the weighting schemes."""
    return {name: kind for name, kind in registered("index").items() if hasattr(kind, "estimated")}


def normalisations() -> dict[str, type]:
    """Return the names of the methods that normalise indicators."""
    return {indices.MinMax.__name__: indices.MinMax}


def recipe_of(index: IndexKeys, folder: Path) -> ProductivityIndex:
    """Decode a recipe.

    Parameters
    ----------
    folder : Path
        Folder of the study, in which the file of a system is looked up.

    Raises
    ------
    StudyError
        If a key or a value does not exist for the recipe.
    """
    system = _system(index, folder)
    try:
        return ProductivityIndex(
            system,
            weights=member_of(index.weights, schemes(), "index.weights"),
            normalise=member_of(index.normalise, normalisations(), "index.normalise"),
            hierarchy=index.hierarchy,
            missing=index.missing,
            constant=index.constant,
        )
    except StudyError as error:
        if "index." in error.what:
            raise
        raise StudyError(
            Message("[index]: {}", error.what), where=error.where, hint=error.hint
        ) from None


def _system(index: IndexKeys, folder: Path) -> IndexSystem:
    columns, ready = bool(index.positive or index.negative), systems()
    if sum((index.system is not None, columns, bool(index.dimension))) != 1:
        raise StudyError(
            "[index] must define its indicators in exactly one way",
            hint='write the columns as positive = ["patents", …] and negative = […]; or '
            'name a system with system = "new_quality_productivity" or a file '
            "system.toml; or write tables [[index.dimension]]",
        )
    try:
        if columns:
            system = IndexSystem.of(index.positive, index.negative, name=index.name)
        elif index.dimension:
            system = system_of({"dimension": index.dimension}, "[index]")
        elif str(index.system) in ready:
            system = ready[str(index.system)]()
        elif str(index.system).endswith(".toml"):
            system = IndexSystem.from_toml(folder / text_path(str(index.system), "'index.system'"))
        else:
            raise StudyError(
                Message("'index.system' is {!r}", index.system),
                hint=Message(
                    "{} You can also name a file that ends in .toml",
                    nearest(str(index.system), ready),
                ),
            )
        system = system.keep(index.keep) if index.keep else system
        return system.using(index.columns) if index.columns else system
    except StudyError as error:
        if "index" in error.what:
            raise
        raise StudyError(
            Message("[index]: {}", error.what), where=error.where, hint=error.hint
        ) from None


def tables_of_index(index: indices.Index) -> dict[str, Any]:
    """Return the weights and the contribution of every indicator in every row.

    Returns
    -------
    dict of str to DataFrame
        Tables by file name.
    """
    keys = index.rows[[index.unit, index.time]]
    rows = keys.assign(index=index.values).join(index.contributions)
    return {"weights.csv": index.weights, "contributions.csv": rows}
