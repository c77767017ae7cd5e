"""Reading of TOML files; invalid files raise a StudyError with the line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io._names import no_file

_DEEPEST = 20
"""Levels of tables and lists; the deepest that a study needs is six."""
_LONGEST = 5_000_000
"""Bytes of a page."""
_DOTTED = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){50}"""
)
"""A key of so many parts: reading it takes the square of their number."""
_TWICE = re.compile("overwrite|twice")
_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file as plain data.

    Raises
    ------
    StudyError
        If the path is not a file; if the content is not valid TOML, with the line; or if the file
        is too long or too deeply nested.
    """
    data = _plain(path, _text(path))
    _check_plain(data, path.name)
    return data


def _text(path: Path) -> str:
    """Read a UTF-8 text file."""
    if wrong := no_file(path):
        raise StudyError(
            Message("{!r} is not a file: it {}", path.name, wrong), hint=Message("check the name")
        )
    try:
        # The size that the system states need not be true: of /proc it is 0.
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
        if len(content) > _LONGEST:
            raise StudyError(
                Message("{} has {:,} bytes, too many for a TOML file", path.name, _size(path)),
                hint=Message("put the data in a separate file and name that file in the study"),
            )
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise StudyError(
            Message("{} is not UTF-8 text", path.name),
            where=Message("byte {}", error.start + 1),
            hint=Message("save it with encoding UTF-8"),
        ) from error
    except OSError as error:
        raise StudyError(
            Message("{} cannot be read: {}", path.name, error.strerror),
            hint=Message("check the permissions of the file"),
        ) from error


def _size(path: Path) -> int:
    return max(path.stat().st_size, _LONGEST + 1)


def _plain(path: Path, text: str) -> dict[str, Any]:
    """Parse TOML."""
    if _DOTTED.search(text):
        raise _nested(path.name)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, text, str(error)) from error
    except RecursionError as error:
        raise _nested(path.name) from error
    except ValueError as error:  # more digits than Python reads
        raise StudyError(
            Message("{} contains an integer with thousands of digits", path.name),
            hint=Message("write a shorter number, or text"),
        ) from error


def _check_plain(data: dict[str, Any], name: str) -> None:
    """Raise an error for too many nested tables and for numbers of more than 64 bits."""
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
                Message("'{}' is an integer of more than 64 bits", place),
                hint=Message("write a smaller number, or text"),
            )


def _nested(name: str, where: str = "") -> StudyError:
    return StudyError(
        Message("{} nests brackets or tables more than {} levels deep", name, _DEEPEST),
        where=where,
        hint=Message("use fewer levels; no key needs more than a few"),
    )


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
        'put text in quotes (name = "…") and lists in brackets, and close every quote'
    )
    if line and _TWICE.search(problem):
        problem, hint = _repeated(lines, number)
    elif "\\" in line:
        hint = Message("in a path, write / instead of \\, or use single quotes: 'C:\\data.xlsx'")
    return StudyError(
        Message("{} is not valid TOML: {}", path.name, problem), where=where, hint=hint
    )


def _repeated(lines: list[str], number: int) -> tuple[str, str]:
    """Return the repeated name of a line, and its first line."""
    line = lines[number - 1].strip()
    name = line.split("=")[0].strip() if "=" in line else line
    if name.startswith("["):
        before = [k for k in range(number - 1) if lines[k].strip().startswith(name)]
        hint = Message("write all keys of a table below one heading")
    else:
        start = max((k for k in range(number) if lines[k].lstrip().startswith("[")), default=0)
        before = [k for k in range(start, number - 1) if lines[k].split("=")[0].strip() == name]
        hint = Message("keep one of the two lines")
    place = Message(": first in line {}", before[0] + 1) if before else ""
    return Message("{} occurs twice{}", name, place), hint
