"""A file to plain data: what is no study by its bytes or its TOML becomes a StudyError."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.files import text_path

__all__ = ["read", "titles"]

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
            f"the study {str(path)!r} is not there",
            hint=nearest(path.name, names) if names else "bayes-nqp list FOLDER shows what is",
        )
    if path.suffix.lower() != ".toml" and _holds_data(path):
        raise StudyError(
            f"{path.name} holds data, and a study is a .toml file that names them",
            hint=f"bayes-nqp new {path.name} looks at its columns and writes "
            f"{path.with_suffix('.toml').name}; then run that",
        )
    try:
        size = path.stat().st_size
        if size > _LONGEST:
            raise StudyError(
                f"{path.name} has {size:,} bytes, and a study is a page of text",
                hint="data stand in a file of their own, which the study names",
            )
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise StudyError(
            f"{path.name} is not UTF-8 text",
            where=f"byte {error.start + 1}",
            hint="save it again with the encoding UTF-8",
        ) from error
    except OSError as error:
        raise StudyError(
            f"{path.name} cannot be read: {error.strerror}", hint="check its permissions"
        ) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, text, str(error)) from error
    except RecursionError as error:
        raise _nested(path.name) from error
    except ValueError as error:  # more digits than Python reads
        raise StudyError(
            f"{path.name} holds a whole number of thousands of digits", hint="a number, or text"
        ) from error
    _check_plain(data, path.name)
    return data


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
                f"'{place}' is a whole number beyond 64 bits", hint="a smaller one, or text"
            )


def _nested(name: str, where: str = "") -> StudyError:
    return StudyError(
        f"{name} nests brackets or tables more than {_DEEPEST} levels deep",
        where=where,
        hint="no key of a study takes more than a few",
    )


def _holds_data(path: Path) -> bool:
    """Whether a file is one of data, by its ending."""
    from bayes_nqp.columns import SUFFIXES

    return path.suffix.lower() in SUFFIXES


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
            f"there is no folder {str(folder)!r}",
            hint="name the folder that holds the studies: bayes-nqp list FOLDER",
        )
    found = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            found[path] = str(read(path).get("title", "(no title)"))
        except StudyError as error:
            found[path] = f"({error.what})"
    return found


def _broken(path: Path, text: str, message: str) -> StudyError:
    place = _LINE.search(message)
    said = _LINE.sub("", message).strip()
    where = ""
    lines = text.splitlines()
    number = int(place[1]) if place is not None else len(lines)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    if place is not None:
        where = f"line {number}: {line}" if line else f"line {number}"
    elif "end of document" in message:
        where = f"line {number}, the last"
    hint = 'text stands in quotes (name = "…"), lists in brackets, and every quote is closed'
    if line and _TWICE.search(said):
        said, hint = _repeated(lines, number)
    elif "\\" in line:
        hint = "in a path, write / instead of \\, or put it in single quotes: 'C:\\data.xlsx'"
    return StudyError(f"{path.name} is no valid TOML: {said}", where=where, hint=hint)


def _repeated(lines: list[str], number: int) -> tuple[str, str]:
    """Say what a line repeats, and where it stands already."""
    line = lines[number - 1].strip()
    name = line.split("=")[0].strip() if "=" in line else line
    if name.startswith("["):
        before = [k for k in range(number - 1) if lines[k].strip().startswith(name)]
        hint = "write what belongs to a table below one heading"
    else:
        start = max((k for k in range(number) if lines[k].lstrip().startswith("[")), default=0)
        before = [k for k in range(start, number - 1) if lines[k].split("=")[0].strip() == name]
        hint = "keep one of the two lines"
    place = f": first in line {before[0] + 1}" if before else ""
    return f"{name} is there twice{place}", hint
