"""Add an index or the pilot zones to a user's file, and save the result as a new file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, StudyError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import free, text_path, write_csv, write_parquet, write_text, write_workbook
from bayes_nqp._core.validation import door
from bayes_nqp.data.column_inference import (
    Look,
    look,
    merge_zones,
    named,
    placed,
    prefecture_of,
    refuse_formulas,
)
from bayes_nqp.data.reading import SourceRows, joined_unit, refuse_broken
from bayes_nqp.studies._index import recipe_of
from bayes_nqp.studies._schema import IndexKeys
from bayes_nqp.studies._words import at_command, in_toml

_WRITERS: dict[str, Callable[..., Path]] = {
    ".csv": write_csv,
    ".xlsx": write_workbook,
    ".parquet": write_parquet,
}


@door
@dataclass(frozen=True, slots=True, eq=False)
class Added:
    """Result of adding columns to a file.

    Parameters
    ----------
    table : DataFrame
        Weights of the index; or values that are not prefectures.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"城市": ["杭州", "温州"], "年份": 2020})
    >>> frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> added = nqp.studies.add_zones(f"{folder}/cities.csv")
    >>> [path.name for path in added.paths]
    ['cities_zones.csv']
    """

    paths: tuple[Path, ...]
    table: pd.DataFrame
    notes: tuple[str, ...] = ()


@door
def add_index(
    file: str | Path,
    out: str | Path | None = None,
    *,
    positive: Sequence[str] = (),
    negative: Sequence[str] = (),
    system: str | None = None,
    keep: Sequence[str] = (),
    weights: str = "Entropy",
    missing: str = "error",
    unit: str | None = None,
    time: str | None = None,
    name: str = "nqp",
) -> Added:
    """Add an index of indicators to the rows of a file.

    Parameters
    ----------
    out : str or Path, optional
        A new .csv, .xlsx or .parquet file; FILE_index.csv by default. The weights are written to
        the same folder.
    positive, negative : sequence of str
        Columns of indicators, by the direction of their contribution.
    system : str, optional
        A built-in system of indicators, or a .toml file.
    keep : sequence of str
        Indicators of the system that are used.
    weights, missing, name : str
        See [index] of a study.
    unit, time : str, optional
        Columns of the unit and the period; guessed by default.

    Raises
    ------
    PanelError, StudyError
        If the file cannot be read, an argument is unknown, or the new file already exists.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"城市": ["杭州", "温州"] * 2, "年份": [2019, 2019, 2020, 2020]})
    >>> frame["专利"], frame["学历"] = [1.0, 2.0, 3.0, 5.0], [9.0, 8.0, 9.5, 8.5]
    >>> frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> added = nqp.studies.add_index(f"{folder}/cities.csv", positive=["专利", "学历"])
    >>> added.paths[0].name
    'cities_index.csv'
    """
    path = _out(file, out, "_index")
    beside = path.with_name(f"{path.stem}_weights.csv")
    free(beside)
    index = IndexKeys.model_construct(
        **{
            **IndexKeys().model_dump(),
            "positive": list(positive),
            "negative": list(negative),
            "system": system,
            "keep": list(keep),
            "weights": weights,
            "missing": missing,
            "name": name,
        }
    )
    recipe = recipe_of(index, Path())
    roles_given = {key: value for key, value in (("unit", unit), ("time", time)) if value}
    with in_toml("data"):
        overview = look(Path(file), placed=placed(roles_given))
        if overview.problem is not None:
            raise overview.problem
    refuse_formulas(overview, {})
    at = {"unit": joined_unit(overview.roles["unit"]), "time": str(overview.roles["time"])}
    notes = ["unit {unit}, time {time}".format(**at), *overview.notes]
    columns = [indicator.data for indicator in recipe.system.indicators]
    frame = _with_indicators(overview, columns, at)
    with at_command():
        built = recipe.build(frame, **at)
        table = built.frame(name)
    _WRITERS[path.suffix.lower()](table, path, replace=False)
    try:
        write_csv(built.weights, beside, replace=False)
    except BaseException:
        path.unlink()
        raise
    return Added((path, beside), built.weights, (*notes, *built.notes))


def _with_indicators(overview: Look, columns: Sequence[str], at: dict[str, str]) -> pd.DataFrame:
    """Return the rows of the file, with the indicators as numbers."""
    frame = _frame(overview, [])
    rows = SourceRows(frame, **at)
    for column in columns:
        if column not in frame.columns:
            raise PanelError(
                Message("the indicator {!r} is not a column of the file", column),
                hint=nearest(column, frame.columns),
            )
        refuse_broken(frame[column], "indicator", rows)
        frame[column] = overview.columns[column].values
    return frame


@door
def add_zones(
    file: str | Path,
    out: str | Path | None = None,
    *,
    prefecture: str | None = None,
    rule: str = "approval_year",
) -> Added:
    """Add the pilot zones to the rows of a file.

    Parameters
    ----------
    out : str or Path, optional
        A new .csv, .xlsx or .parquet file; FILE_zones.csv by default.
    prefecture : str, optional
        The column of names or codes; guessed by default.
    rule : str, default "approval_year"
        See `merge_zones`.

    Raises
    ------
    PanelError, StudyError
        If no column contains prefectures, an argument is unknown, or the new file already exists.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"城市": ["杭州", "温州"], "年份": 2020})
    >>> frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> added = nqp.studies.add_zones(f"{folder}/cities.csv")
    >>> [path.name for path in added.paths]
    ['cities_zones.csv']
    """
    path = _out(file, out, "_zones")
    with in_toml("data"):
        overview = look(Path(file))
    refuse_formulas(overview, {})
    name = prefecture if prefecture is not None else prefecture_of(overview)
    if name is None:
        raise PanelError(
            "no column of the file contains names of prefectures",
            where=Message("the columns are {}", shown(overview.columns, 20)),
            hint="name the column with --prefecture",
        )
    if name not in overview.columns:
        raise PanelError(
            Message("prefecture={!r} is not a column of the file", name),
            hint=nearest(name, overview.columns),
        )
    blank = overview.columns[name].values.isna()
    merged = merge_zones(
        _frame(overview, [name] if not blank.iloc[0] and blank.mean() > _MERGED else []),
        name,
        rule=rule,  # type: ignore[arg-type]
    )
    _WRITERS[path.suffix.lower()](merged.frame, path, replace=False)
    notes = repr(merged).splitlines()[1:]
    return Added((path,), merged.unmatched, (*overview.notes, *notes))


_MERGED = 0.3
"""Share of empty cells from which a column is treated as merged cells."""


def _frame(overview: Look, merged: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the file unchanged, except that merged cells are filled from above."""
    frame = pd.DataFrame({name: column.raw for name, column in overview.columns.items()})
    for name in merged:
        frame[name] = frame[name].ffill()
    return frame


def _out(file: str | Path, out: str | Path | None, ending: str) -> Path:
    file = named(file)
    path = (
        text_path(out, "--out") if out is not None else file.with_name(f"{file.stem}{ending}.csv")
    )
    if path.suffix.lower() not in _WRITERS:
        raise StudyError(
            Message("'out' is {!r}, and this file format cannot be written", path.name),
            hint=Message("use one of {}", ", ".join(_WRITERS)),
        )
    free(path)
    return path


@door
def write_beside(path: str | Path, text: str) -> None:
    """Write a text to a new file, completely or not at all.

    Raises
    ------
    StudyError
        If the file already exists, or cannot be written.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> nqp.studies.write_beside(f"{folder}/study.toml", 'title = "Mine"')
    """
    write_text(path, text, replace=False)
