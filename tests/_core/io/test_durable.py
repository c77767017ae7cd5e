"""What is moved is on the disk first; what only POSIX knows has a way around it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from doors import move_new

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io import place, write_text


class Log:
    """The order in which files and folders reach the disk and are renamed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[tuple[str, str]] = []
        fsync, rename, replace = os.fsync, Path.rename, Path.replace
        monkeypatch.setattr(os, "fsync", lambda handle: self._note("sync", handle, fsync, handle))
        for name, done in (("rename", rename), ("replace", replace)):
            monkeypatch.setattr(
                Path,
                name,
                lambda path, to, name=name, done=done: self._note(name, path, done, path, to),
            )

    def _note(self, what: str, about: object, do: object, *arguments: object) -> object:
        if isinstance(about, int):
            about = Path(f"/proc/self/fd/{about}").readlink()
        self.steps.append((what, Path(str(about)).name))
        return do(*arguments)  # type: ignore[operator]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="handles have no names here")
def test_content_and_folder_reach_the_disk_around_every_renaming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch)
    write_text(tmp_path / "a.csv", "x")
    content, renaming, folder = log.steps
    assert content == ("sync", renaming[1])
    assert renaming[0] == "replace"
    assert folder == ("sync", tmp_path.name)
    (tmp_path / "out").mkdir()
    log.steps.clear()
    with place(tmp_path / "out", force=True) as ready:
        write_text(ready.draft / "inner.csv", "x")
        draft = ready.draft.name
        ready.finish()
    assert log.steps == [
        ("sync", "inner.csv"),
        ("sync", draft),
        ("rename", "out"),
        ("sync", tmp_path.name),
        ("rename", draft),
        ("sync", tmp_path.name),
    ]


def folder_with_a_file(out: Path) -> None:
    with place(out, force=True) as ready:
        write_text(ready.draft / "inner.csv", "x")
        ready.finish()


def works(folder: Path) -> None:
    """Every kind of writing."""
    write_text(folder / "a.csv", "1")
    write_text(folder / "a.csv", "2")
    write_text(folder / "b.csv", "1", replace=False)
    with pytest.raises(StudyError, match="already exists"):
        write_text(folder / "b.csv", "2", replace=False)
    for _ in range(2):
        folder_with_a_file(folder / "out")
    assert {p.name for p in folder.iterdir()} == {"a.csv", "b.csv", "out", "out.1"}
    assert (folder / "a.csv").read_text(encoding="utf-8") == "2"
    assert (folder / "b.csv").read_text(encoding="utf-8") == "1"


@pytest.mark.parametrize("name", ["O_DIRECTORY", "O_NOFOLLOW", "link", "fchmod", "umask"])
def test_a_system_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delattr(os, name, raising=False)
    works(tmp_path)


@pytest.mark.parametrize("name", ["link", "fsync", "chmod"])
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_disk_that_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path if name == "chmod" else os, name, refuse)
    works(tmp_path)


def test_a_folder_that_cannot_be_opened_is_not_brought_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where folders are no files."""
    real = os.open

    def refuse(path: object, flags: int, *more: object, **named: object) -> int:
        if Path(str(path)).is_dir():
            raise PermissionError(errno.EACCES, "a folder", str(path))
        return real(path, flags, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse)
    works(tmp_path)


def test_a_file_that_may_only_be_read_is_brought_to_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def refuse(self: Path, mode: str = "r", *more: object, **named: object) -> object:
        if "+" in mode:
            raise PermissionError(errno.EACCES, "for reading alone", str(self))
        return real(self, mode, *more, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    works(tmp_path)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_at_last_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Network disks say only now that there is no room."""

    def refuse(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    path = write_text(tmp_path / "a.csv", "good")
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StudyError, match="the disk"):
        write_text(path, "bad")
    assert path.read_text(encoding="utf-8") == "good"
    with pytest.raises(StudyError, match="the disk"):
        folder_with_a_file(tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_elsewhere_a_file_that_is_open_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "Access is denied", str(self), 5, str(target))

    path = write_text(tmp_path / "a.xlsx", "good")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StudyError, match=r"a\.xlsx.*permission denied(.|\n)*such as Excel"):
        write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "good"
    assert [p.name for p in tmp_path.iterdir()] == ["a.xlsx"]


def test_a_file_never_takes_the_place_of_one_that_came_meanwhile(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    with pytest.raises(FileExistsError):
        move_new(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text(encoding="utf-8") == "b"
