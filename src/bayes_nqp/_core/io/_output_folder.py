"""Output folders, created as drafts and moved to their final path."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io._atomic_write import draft, move, sync
from bayes_nqp._core.io._words import named, worded
from bayes_nqp._core.io._write import folders


class Place:
    """Draft of an output folder and its final path.

    Parameters
    ----------
    out : Path
        Final path.
    draft : Path
        Path of the draft, on the same disk.
    force : bool
        If True, rename an existing folder.
    name : str, default "out"
        Name of the argument, for messages.
    """

    def __init__(self, out: Path, draft: Path, force: bool, name: str = "out") -> None:
        self.out, self.draft, self.force, self.name = out, draft, force, name
        self.moved: Path | None = None

    def finish(self) -> None:
        """Rename an existing folder, and move the draft to its final path.

        Raises
        ------
        StudyError
            If the target was created during the run and ``force`` is False, or cannot be moved. The
            new folder is then kept under the next free name.
        """
        sync(self.draft)
        if os.path.lexists(self.out):
            if not self.force:
                raise self._kept_beside(Message("was created during the run and was not changed"))
            moved = _aside(self.out)
            try:
                move(self.out, moved)
            except OSError as error:
                raise self._kept_beside(Message("cannot be moved ({})", error.strerror)) from error
            self.moved = moved
        try:
            move(self.draft, self.out)
        except BaseException:
            if self.moved is not None and not os.path.lexists(self.out):
                self.moved.rename(self.out)
            raise

    def _kept_beside(self, problem: Message) -> StudyError:
        """Move the new folder to the next free name, and raise an error with this name."""
        beside = _aside(self.out)
        move(self.draft, beside)
        return StudyError(
            Message("{}={!r} {}", self.name, str(self.out), problem),
            where=Message("the new results are in {!r}", str(beside)),
            hint="compare the two folders and rename the one to keep",
        )


@contextmanager
def place(
    out: str | Path, *, force: bool, guarded: tuple[Path, ...] = (), name: str = "out"
) -> Iterator[Place]:
    """Create an output folder as a draft; remove the draft if an error occurs.

    Parameters
    ----------
    out : str or Path
        Final path.
    force : bool
        If True, rename an existing folder.
    guarded : tuple of Path
        Paths that must not be moved with an existing folder.
    name : str, default "out"
        Name of the argument, for messages.

    Raises
    ------
    StudyError
        If the target exists, is being written by another run, or cannot be written.
    """
    out = _nameable(named(out, name), name)
    try:
        _check(out, force, guarded, name)
        with folders(out), draft(out, alone=True, name=name) as part:
            part.mkdir()
            yield Place(out, part, force, name)
    except OSError as error:
        raise worded(error, out, name) from error


def _nameable(out: Path, name: str) -> Path:
    """Return the absolute name of a folder such as ``.`` or ``..``."""
    path_text = out if out.name not in ("", "..") else out.resolve()
    if not path_text.name:
        raise StudyError(
            Message("{}={!r} is the root of a disk", name, str(out)),
            hint="use a separate folder, results/NAME",
        )
    if path_text.suffix.lower() in _FILES:
        raise StudyError(
            Message("{}={!r} has a file name, but the output is a folder", name, str(out)),
            hint=Message("use a folder, such as {!r}", str(path_text.with_suffix(""))),
        )
    return path_text


_FILES: Final = frozenset((".docx", ".xlsx", ".pdf", ".html", ".tex", ".md", ".csv", ".dta"))
"""Endings of what such folders hold."""


def _check(out: Path, force: bool, guarded: tuple[Path, ...], name: str) -> None:
    try:
        mode = out.lstat().st_mode  # says at once what renaming would say at the end
    except FileNotFoundError:
        return
    if not force:
        raise StudyError(
            Message("{}={!r} already exists and is not overwritten", name, str(out)),
            hint=Message(
                "use another name, or --force (force=True), which renames the old one to {}",
                _aside(out).name,
            ),
        )
    if not any(test(mode) for test in (stat.S_ISDIR, stat.S_ISREG, stat.S_ISLNK)):
        raise StudyError(
            Message("{}={!r} is a device or a pipe and is not moved", name, str(out)),
            hint="use a separate folder, such as results/NAME",
        )
    with suppress(FileNotFoundError):
        _aside(out).lstat()  # likewise
    inside = [p for p in guarded if p.resolve().is_relative_to(out.resolve())]
    if inside:
        raise StudyError(
            Message("{}={!r} contains {!r} and is not moved", name, str(out), inside[0].name),
            hint="use a separate folder, such as results/NAME",
        )


def _aside(out: Path) -> Path:
    number = 1
    while os.path.lexists(free := out.with_name(f"{out.name}.{number}")):
        number += 1
    return free
