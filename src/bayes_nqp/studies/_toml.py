"""A file to plain data: what is no study by its bytes or its TOML becomes a StudyError."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.files import text_path
from bayes_nqp.language import ENGLISH, Message, languages

__all__ = ["language_of", "read", "titles"]

_DEEPEST = 20
"""Levels of tables and lists; the deepest that a study needs is six."""
_LONGEST = 5_000_000
"""Bytes of a study."""
_TWICE = re.compile("overwrite|twice")
_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")


def read(path: Path) -> dict[str, Any]:
    """Read a study file as plain data.

    Raises
    ------
    StudyError
        If it is not there, or is no TOML; it names the line.
    """
    text_path(path, "the study")
    if not path.is_file():
        folder = path.parent
        names = sorted(p.name for p in folder.glob("*.toml")) if folder.is_dir() else []
        raise StudyError(
            Message("the study {!r} is not there", str(path)),
            hint=nearest(path.name, names) if names else "bayes-nqp list FOLDER shows what is",
        )
    if path.suffix.lower() != ".toml" and _holds_data(path):
        raise StudyError(
            Message("{} holds data, and a study is a .toml file that names them", path.name),
            hint=Message(
                "bayes-nqp new {} looks at its columns and writes {}; then run that",
                path.name,
                path.with_suffix(".toml").name,
            ),
        )
    data = _plain(path, _text(path))
    _check_plain(data, path.name)
    return data


def _text(path: Path) -> str:
    """Read a page of UTF-8 text."""
    try:
        size = path.stat().st_size
        if size > _LONGEST:
            raise StudyError(
                Message("{} has {:,} bytes, and a study is a page of text", path.name, size),
                hint="data stand in a file of their own, which the study names",
            )
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise StudyError(
            Message("{} is not UTF-8 text", path.name),
            where=Message("byte {}", error.start + 1),
            hint="save it again with the encoding UTF-8",
        ) from error
    except OSError as error:
        raise StudyError(
            Message("{} cannot be read: {}", path.name, error.strerror),
            hint="check its permissions",
        ) from error


def _plain(path: Path, text: str) -> dict[str, Any]:
    """Read TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, text, str(error)) from error
    except RecursionError as error:
        raise _nested(path.name) from error
    except ValueError as error:  # more digits than Python reads
        raise StudyError(
            Message("{} holds a whole number of thousands of digits", path.name),
            hint="a number, or text",
        ) from error


def _check_plain(data: dict[str, Any], name: str) -> None:
    """Refuse what no key takes: tables within tables without end, numbers beyond 64 bits."""
    left: list[tuple[str, Any, int]] = [("", data, 0)]
    while left:
        place, value, depth = left.pop()
        if depth > _DEEPEST:
            raise _nested(name, f"'{place[:60]}…'")
        if isinstance(value, dict):
            left += [(f"{place}.{key}".lstrip("."), x, depth + 1) for key, x in value.items()]
        elif isinstance(value, list):
            left += [(place, x, depth + 1) for x in value]
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise StudyError(
                Message("'{}' is a whole number beyond 64 bits", place),
                hint="a smaller one, or text",
            )


def _nested(name: str, where: str = "") -> StudyError:
    return StudyError(
        Message("{} nests brackets or tables more than {} levels deep", name, _DEEPEST),
        where=where,
        hint="no key of a study takes more than a few",
    )


def _holds_data(path: Path) -> bool:
    """Whether a file is one of data, by its ending."""
    from bayes_nqp.columns import SUFFIXES

    return path.suffix.lower() in SUFFIXES


@door
def language_of(path: str | Path) -> str:
    """Tell the language that a study asks for, also of one that is not valid; English otherwise."""
    try:
        language = tomllib.loads(Path(path).read_text("utf-8-sig"))["report"]["language"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ENGLISH
    return language if language in languages() else ENGLISH


@door
def titles(folder: str | Path = "models") -> dict[Path, str]:
    """List the studies of a folder.

    Returns
    -------
    dict of Path to str
        The title of each .toml file; of a broken one, what is wrong with it.

    Raises
    ------
    StudyError
        If there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise StudyError(
            Message("there is no folder {!r}", str(folder)),
            hint="name the folder that holds the studies: bayes-nqp list FOLDER",
        )
    title_of = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            title_of[path] = str(read(path).get("title", "(no title)"))
        except StudyError as error:
            title_of[path] = f"({error.what})"
    return title_of


def _broken(path: Path, text: str, message: str) -> StudyError:
    place = _LINE.search(message)
    problem = _LINE.sub("", message).strip()
    where = ""
    lines = text.splitlines()
    number = int(place[1]) if place is not None else len(lines)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    if place is not None:
        where = Message("line {}: {}", number, line) if line else Message("line {}", number)
    elif "end of document" in message:
        where = Message("line {}, the last", number)
    hint: str = Message(
        'text stands in quotes (name = "…"), lists in brackets, and every quote is closed'
    )
    if line and _TWICE.search(problem):
        problem, hint = _repeated(lines, number)
    elif "\\" in line:
        hint = Message(
            "in a path, write / instead of \\, or put it in single quotes: 'C:\\data.xlsx'"
        )
    return StudyError(
        Message("{} is no valid TOML: {}", path.name, problem), where=where, hint=hint
    )


def _repeated(lines: list[str], number: int) -> tuple[str, str]:
    """Say what a line repeats, and where it stands already."""
    line = lines[number - 1].strip()
    name = line.split("=")[0].strip() if "=" in line else line
    if name.startswith("["):
        before = [k for k in range(number - 1) if lines[k].strip().startswith(name)]
        hint = Message("write what belongs to a table below one heading")
    else:
        start = max((k for k in range(number) if lines[k].lstrip().startswith("[")), default=0)
        before = [k for k in range(start, number - 1) if lines[k].split("=")[0].strip() == name]
        hint = Message("keep one of the two lines")
    place = Message(": first in line {}", before[0] + 1) if before else ""
    return Message("{} is there twice{}", name, place), hint
