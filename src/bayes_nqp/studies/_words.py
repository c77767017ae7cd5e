"""Translate hints about Python arguments to keys of study files or to command-line options."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Self

from bayes_nqp._core.exceptions import NQPError, PanelError, Spoken, speaking
from bayes_nqp._core.fields import GROUPS, TREATED
from bayes_nqp._core.i18n import Message, Translator, either
from bayes_nqp._core.labels import UNLABELLED, Labels
from bayes_nqp.data.reading import STEPS

_REPLACED = (
    (re.compile(r"(\w+)=nqp\.(\w+)\(\)"), r'\1 = { type = "\2" }'),
    (re.compile(r"(\w+)=float\('inf'\)"), r"\1 = inf"),
    (re.compile(r"(\w+)='([^']*)'"), r'\1 = "\2"'),
    (re.compile(r"(\w+)=(\[[^\]]*\]|\d+|…)"), r"\1 = \2"),
    (re.compile(r"; nqp\.support lists them all"), ""),
    (re.compile(r"system\.using\(\{key: column\}\)"), 'columns = { key = "column" }'),
    (re.compile(r"system\.keep\((\[…\])\)"), r"keep = \1"),
    (re.compile(r"(?:remove it with )?system\.without\(…\)"), "leave these indicators out"),
)
_PYTHON = re.compile(r"\b(pd|df|nqp|panel|Panel)\.|pandas|\bPanel\(|\bdf\[")
_IN_FILE = Message("correct these cells in the file")

_TYPED: Final = {
    "cohort varies": Message(
        'if the cells are merged, write fill_down = ["{0}"] in [data.read] to fill '
        "them within each unit; otherwise write the value in every row of the unit; "
        'if the column contains 0 and 1, write treated = "{0}" instead'
    ),
    "unit empty": Message(
        "if each of these rows belongs to the name above it, write fill_down = "
        '["{0}"] in [data.read]'
    ),
    "strata empty": Message(
        'if the cells are merged, write fill_down = ["{0}"] in [data.read] to fill '
        "them from above; otherwise write the value in every row of the unit"
    ),
    "strata varies": Message(
        "give each unit one value in the file; if the column contains numbers, remove"
        " it from strata and divide it into groups in [[data.stratify]]: column = "
        '"{0}", and at = the period whose value is used'
    ),
    "strata continuous": Message(
        "remove it from strata and divide it into groups in [[data.stratify]]: column"
        ' = "{0}", cuts = "median"'
    ),
    "cohort numbers": Message(
        "write first treated periods in the same format as the time column, such as "
        "2015-03 or 2015Q3"
    ),
    "time text": Message(
        "write all periods in one format, such as 2015, 2015Q1, 2015-03, 2015H1 or "
        "2015-12-31; delete rows without a period, such as totals"
    ),
    "time dates": Message(
        'write periods as text, such as 2015-12, with freq = "M" (or "Q", "D") in [data]'
    ),
    "values missing": Message("complete these cells in the file, or delete these rows"),
    "mediators missing": Message(
        "remove that mediator from [channels], or these units from the file"
    ),
    "periods without events": Message(
        "delete these periods from the file, use fewer strata, or write time effects with a "
        'common distribution in [design]: time = { type = "TimeEffects", pooled = true }'
    ),
    "rows duplicated": Message(
        "keep one row for each unit and period in the file, or choose a finer unit"
    ),
}
"""Hints for study files that differ entirely from those for Python, by the kind of problem."""
_ON_PAGE: Final = {
    "cohort varies": Message(
        "in the file, give each unit one first treated period, in every row of the "
        "unit; if the column contains 0 and 1, choose it under “{}” instead",
        TREATED,
    ),
    "unit empty": Message("fill in the unit in each of these rows of the file"),
    **dict.fromkeys(
        ("strata empty", "strata varies"),
        Message("in the file, give each unit one group, in every row of the unit"),
    ),
    "strata continuous": Message(
        "remove it from “{}”, or choose a column with fewer values", GROUPS
    ),
    "time dates": Message("in the file, write periods as text, such as 2015-12, or as dates"),
    "mediators missing": Message("choose another column as a mediator"),
}
"""Hints for users of the studio."""


class Reworded(Message):
    """Hint whose text is passed through a function, in every language.

    Parameters
    ----------
    hint : object
        Message or text, as it was raised.
    reword : callable
        Function from text to text.
    """

    __slots__ = ("hint", "reword")
    hint: object
    reword: Callable[[str], str]

    def __new__(cls, hint: object, reword: Callable[[str], str]) -> Self:
        """Create the text, and keep the message for other languages."""
        instance = super().__new__(cls, "{}", reword(str(hint)))
        instance.hint, instance.reword = hint, reword
        return instance

    def __getnewargs_ex__(self) -> tuple[tuple[object, ...], dict[str, object]]:
        """Return the arguments for copying and pickling."""
        return (self.hint, self.reword), {}

    def in_(self, language: str, labels: Labels = UNLABELLED) -> str:
        """Render the hint in a language, then pass it through the function."""
        return self.reword(Translator(language, labels).name(self.hint))


@contextmanager
def in_toml(table: str) -> Iterator[None]:
    """Reword hints of errors raised within, for the author of a table.

    Parameters
    ----------
    table : str
        The table whose keys the hints may name.
    """
    try:
        with speaking("toml"):
            yield
    except NQPError as error:
        hint: Message = Reworded(error.hint, _toml)
        if _PYTHON.search(hint):
            hint = either(map(str, error.hints)) or _other(error)
        elif " = " in hint and f"[{table}]" not in hint:
            read = table == "data" and hint.partition(" = ")[0] in STEPS
            hint = Message("in [{}]: {}", "data.read" if read else table, hint)
        if hint == error.hint:
            raise
        raise error.reworded(hint=hint) from error


@contextmanager
def in_table(table: str) -> Iterator[None]:
    """Reword hints of errors raised within, and name the table that causes the error."""
    try:
        with in_toml(table):
            yield
    except NQPError as error:
        raise error.reworded(Message("[{}]: {}", table, error.what)) from None


@contextmanager
def at_file() -> Iterator[None]:
    """Name the key of a study whose file cannot be read."""
    try:
        yield
    except PanelError as error:
        if not error.what.startswith("path="):
            raise
        raise error.reworded(Message("'data.file': {}", error.what)) from error


@contextmanager
def at_command() -> Iterator[None]:
    """Reword hints of errors raised within, for users of the command line."""
    try:
        yield
    except NQPError as error:
        first, *others = error.hint.parts or (error.hint,)
        in_python = any("system.using" in str(part) for part in others)
        hint: str = Reworded(first if in_python else error.hint, _command)
        if _PYTHON.search(hint):
            hint = _other(error)
        if error.what.startswith("name="):
            hint = Message("choose another name with --name")
        if hint == error.hint:
            raise
        raise error.reworded(hint=hint) from error


def _toml(hint: str) -> str:
    for pattern, words in _REPLACED:
        hint = pattern.sub(words, hint)
    return hint


def _command(hint: str) -> str:
    hint = re.sub(r"(?:remove it with )?system\.without\(…\)", "leave these indicators out", hint)
    return re.sub(r"(\w+)='?([\w—]+)'?", r"--\1 \2", hint)


def _other(error: NQPError) -> Message:
    """Return a hint that replaces Python code."""
    typed, page = _TYPED.get(error.about), _ON_PAGE.get(error.about)
    if typed is None:
        return _IN_FILE
    typed = typed.fill(error.column) if error.column else typed
    return typed if page is None else Spoken(typed, page)
