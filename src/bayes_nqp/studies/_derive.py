"""New columns from existing ones: arithmetic and a few functions only."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError, brief, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.process import quiet
from bayes_nqp.data.reading import year_of

_FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "log": np.log,
    "log10": np.log10,
    "log1p": np.log1p,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "round": np.round,
}
_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_LARGEST = sys.float_info.max
_DEEPEST = 400
"""Maximum depth of an expression, which limits the columns of a sum."""
_ALLOWED = Message(
    "allowed are numbers, column names, + - * / **, brackets, log, log10, log1p, exp, "
    'sqrt, abs, round, and year (for a column of dates); write col("…") if a column name '
    "contains spaces or signs"
)


def derive(
    frame: pd.DataFrame, name: str, expression: str, empty: Sequence[str] = ()
) -> pd.Series[Any]:
    """Compute one new column.

    Parameters
    ----------
    name : str
        Name of the new column.
    expression : str
        Expression such as ``log(nqpf)``, or ``year(approved)`` for a column of dates.
    empty : sequence of str, default ()
        Texts that denote a missing date.

    Raises
    ------
    StudyError
        If the expression contains anything other than arithmetic, uses a column that does not
        exist or contains text, or is undefined in some rows.
    """
    tree = _tree(name, expression)
    dated = {column: _years(column, frame, name, empty) for column in _dated(tree)}
    values = np.broadcast_to(
        np.asarray(_value(tree, frame, name, dated), dtype=np.float64), len(frame)
    )
    inputs = [
        frame[c].to_numpy(dtype=np.float64, na_value=np.nan) for c in numbers_of(expression)
    ] + list(dated.values())
    defined = ~np.isnan(np.stack(inputs)).any(axis=0) if inputs else np.ones(len(frame), dtype=bool)
    bad = frame.index[defined & ~np.isfinite(values)]
    if len(bad):
        raise StudyError(
            Message(
                "'data.derive.{}' = {} is undefined in {} rows", name, brief(expression), len(bad)
            ),
            where=Message("row {}", shown(bad, 5)),
            hint="a logarithm requires values above 0 (log1p also accepts 0), a division "
            "requires divisors other than 0",
        )
    return pd.Series(values.copy(), index=frame.index, name=name)


def columns_of(expression: str) -> list[str]:
    """Return the names of the columns that an expression uses."""
    columns = []
    tree = _parsed(expression)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in called:
            columns.append(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            columns.append(node.value)
    return list(dict.fromkeys(columns))


def numbers_of(expression: str) -> list[str]:
    """Return the columns that an expression uses as numbers: all except in ``year``."""
    dated = _dated(_parsed(expression))
    return [name for name in columns_of(expression) if name not in dated]


def _dated(tree: ast.AST) -> list[str]:
    """Return the names of the columns whose years the expression uses."""
    columns = [column for node in ast.walk(tree) if (column := _year_of(node)) is not None]
    return list(dict.fromkeys(columns))


def _year_of(node: ast.AST) -> str | None:
    """Return the column of ``year(column)``, ``year("column")`` or ``year(col("column"))``."""
    match node:
        case ast.Call(func=ast.Name(id="year"), args=[inner], keywords=[]):
            match inner:
                case ast.Name(id=column) | ast.Constant(value=str() as column):
                    return column
                case ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=str() as column)]):
                    return column
    return None


def _years(column: str, frame: pd.DataFrame, name: str, empty: Sequence[str]) -> Array:
    """Return the years of a column of dates, or of text that contains dates or years."""
    _known(column, frame, name)
    codes, texts = pd.factorize(frame[column])
    gone = [isinstance(x, str) and (not x.strip() or x.strip() in empty) for x in texts]
    years = [None if no else year_of(x) for x, no in zip(texts, gone, strict=True)]
    wrong = [x for x, y, no in zip(texts, years, gone, strict=True) if y is None and not no]
    if wrong:
        raise StudyError(
            Message(
                "'data.derive.{}' uses the year of {!r}, but this column contains values "
                "that are not dates: {}",
                name,
                column,
                shown(map(repr, wrong), 4),
            ),
            hint="write dates as 2018-07-24; list texts that mean “no date” in missing = "
            '["…"] in [data]',
        )
    return np.append(np.array(years, dtype=np.float64), np.nan)[codes]


def _tree(name: str, expression: str) -> ast.expr:
    try:
        return _parsed(expression).body
    except SyntaxError as error:
        raise StudyError(
            Message("'data.derive.{}' = {} is not an expression", name, brief(expression)),
            hint=_ALLOWED,
        ) from error


def _parsed(expression: str) -> ast.Expression:
    """Parse an expression; raise SyntaxError for invalid or too deeply nested expressions."""
    try:
        with quiet(SyntaxWarning):
            tree = ast.parse(expression.strip(), mode="eval")
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from error
    left: list[tuple[ast.AST, int]] = [(tree, 0)]
    while left:
        node, depth = left.pop()
        if depth > _DEEPEST:
            raise SyntaxError("too many levels")
        left += [(inner, depth + 1) for inner in ast.iter_child_nodes(node)]
    return tree


def _value(node: ast.expr, frame: pd.DataFrame, name: str, dated: Mapping[str, Array]) -> Any:
    if (column := _year_of(node)) is not None:
        return dated[column]
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number) if abs(number) <= _LARGEST else np.inf
        case ast.Name(id=column):
            return _column(column, frame, name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, frame, name, dated)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            a, b = _value(left, frame, name, dated), _value(right, frame, name, dated)
            with np.errstate(all="ignore"):
                return _OPERATORS[type(op)](a, b)
        case ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=str() as column)]):
            return _column(column, frame, name)
        case ast.Call(func=ast.Name(id=function), args=[inner], keywords=[]) if (
            function in _FUNCTIONS
        ):
            with np.errstate(all="ignore"):
                return _FUNCTIONS[function](_value(inner, frame, name, dated))
    raise StudyError(
        Message(
            "'data.derive.{}' contains {}, which is not allowed there",
            name,
            brief(ast.unparse(node)),
        ),
        hint=_ALLOWED,
    )


def _known(column: str, frame: pd.DataFrame, name: str) -> None:
    if column not in frame.columns:
        raise StudyError(
            Message(
                "'data.derive.{}' uses the column {!r}, which the data do not contain", name, column
            ),
            hint=nearest(column, frame.columns),
        )


def _column(column: str, frame: pd.DataFrame, name: str) -> Array:
    _known(column, frame, name)
    if not pd.api.types.is_numeric_dtype(frame[column].dtype):
        texts = frame[column].dropna()
        examples = shown((repr(x) for x in texts[texts.map(lambda x: isinstance(x, str))][:3]), 3)
        raise StudyError(
            Message(
                "'data.derive.{}' requires numbers in {!r}, but this column contains text",
                name,
                column,
            ),
            where=examples,
            hint='to clean such numbers, write thousands = "," or missing = ["—"] in [data]',
        )
    return np.asarray(frame[column].to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
