"""New columns from old ones: arithmetic and a few functions, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp.errors import StudyError, nearest, shown

__all__ = ["columns_of", "derive"]

Array = npt.NDArray[np.float64]

_FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "log": np.log,
    "log10": np.log10,
    "log1p": np.log1p,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
}
_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_ALLOWED = (
    "numbers, column names, + - * / **, brackets, log, log10, log1p, exp, sqrt, abs, "
    'and col("…") for a column whose name has spaces or signs in it'
)


def derive(frame: pd.DataFrame, name: str, expression: str) -> pd.Series[Any]:
    """Compute one new column.

    Parameters
    ----------
    frame : DataFrame
    name : str
        Of the new column.
    expression : str
        Such as ``log(nqpf)``.

    Returns
    -------
    Series

    Raises
    ------
    StudyError
        If the expression holds anything but arithmetic, names a column that is not there or
        holds text, or is undefined in some rows.
    """
    values = np.broadcast_to(
        np.asarray(_value(_tree(name, expression), frame, name), dtype=np.float64), len(frame)
    )
    used = [frame[c].to_numpy(dtype=np.float64, na_value=np.nan) for c in columns_of(expression)]
    known = ~np.isnan(np.stack(used)).any(axis=0) if used else np.ones(len(frame), dtype=bool)
    bad = frame.index[known & ~np.isfinite(values)]
    if len(bad):
        raise StudyError(
            f"'data.derive.{name}' = {expression!r} is undefined in {len(bad)} rows",
            where=f"row {shown(bad, 5)}",
            hint="a logarithm needs values above 0 (log1p takes 0), a division others than 0",
        )
    return pd.Series(values.copy(), index=frame.index, name=name)


def columns_of(expression: str) -> list[str]:
    """Name the columns that an expression uses.

    Parameters
    ----------
    expression : str

    Returns
    -------
    list of str
    """
    found = []
    for node in ast.walk(ast.parse(expression, mode="eval")):
        if isinstance(node, ast.Name) and node.id not in (*_FUNCTIONS, "col"):
            found.append(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return list(dict.fromkeys(found))


def _tree(name: str, expression: str) -> ast.expr:
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise StudyError(
            f"'data.derive.{name}' = {expression!r} is no expression", hint=_ALLOWED
        ) from error


def _value(node: ast.expr, frame: pd.DataFrame, name: str) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=column):
            return _column(column, frame, name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, frame, name)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            a, b = _value(left, frame, name), _value(right, frame, name)
            with np.errstate(all="ignore"):
                return _OPERATORS[type(op)](a, b)
        case ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=str() as column)]):
            return _column(column, frame, name)
        case ast.Call(func=ast.Name(id=function), args=[inner], keywords=[]) if (
            function in _FUNCTIONS
        ):
            with np.errstate(all="ignore"):
                return _FUNCTIONS[function](_value(inner, frame, name))
    raise StudyError(
        f"'data.derive.{name}' holds {ast.unparse(node)!r}, which is not allowed there",
        hint=_ALLOWED,
    )


def _column(column: str, frame: pd.DataFrame, name: str) -> Array:
    if column not in frame.columns:
        raise StudyError(
            f"'data.derive.{name}' names the column {column!r}, which the data do not have",
            hint=nearest(column, frame.columns),
        )
    if not pd.api.types.is_numeric_dtype(frame[column].dtype):
        texts = frame[column].dropna()
        examples = shown((repr(x) for x in texts[texts.map(lambda x: isinstance(x, str))][:3]), 3)
        raise StudyError(
            f"'data.derive.{name}' needs numbers in {column!r}, which holds text",
            where=examples,
            hint='thousands = "," or missing = ["—"] in [data] clean such numbers',
        )
    return np.asarray(frame[column].to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
