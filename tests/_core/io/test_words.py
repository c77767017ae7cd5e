"""Whatever the system says about a file, the words name it and say what to try."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from doors import words_named as named

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io import place, worded, write, write_bytes, write_csv, write_text

SAID = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EROFS: "is read-only",
    errno.EISDIR: "it is a folder",
    errno.ENOTDIR: "a part of its path is a file",
    errno.ENAMETOOLONG: "too long",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "its folder does not exist",
    errno.ESTALE: "its folder does not exist",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.EBUSY: "open in another program",
    errno.EFBIG: "exceed the maximal file size",
    errno.EIO: "the disk reports an error",
    errno.ELOOP: "form a loop",
    errno.EINVAL: "does not accept this name",
    errno.ECONNRESET: os.strerror(errno.ECONNRESET),
}


@pytest.mark.parametrize("number", SAID, ids=errno.errorcode.get)
def test_every_error_of_the_system_is_worded(number: int) -> None:
    said = worded(OSError(number, os.strerror(number)), "results/table.csv", "out")
    assert SAID[number] in said.what
    assert "results/table.csv" in said.what
    assert said.hint


@pytest.mark.parametrize(
    ("winerror", "words"),
    [(32, "open in another program"), (33, "open in another"), (123, "this name")],
)
def test_what_windows_says_of_files_open_elsewhere(winerror: int, words: str) -> None:
    error = PermissionError(errno.EACCES, "in use")
    error.winerror = winerror
    assert words in worded(error, "table.xlsx").what


def test_another_file_than_the_one_asked_for_is_named(tmp_path: Path) -> None:
    error = OSError(errno.EACCES, "no", str(tmp_path / "inner"))
    assert worded(error, tmp_path / "out").where == str(tmp_path / "inner")


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    error = OSError(errno.EACCES, "no", str(tmp_path / ".draft"))
    assert "its folder may not be written to" in worded(error, tmp_path / "out").what


@pytest.mark.parametrize("path", ["", "  ", "a\0b", "\ud800.csv", 3, None, b""])
def test_what_is_no_path(path: object) -> None:
    with pytest.raises(StudyError, match="'path' "):
        named(path)
    with pytest.raises(StudyError):
        write_bytes(path, b"x")  # type: ignore[arg-type]


def test_text_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="unpaired surrogates") as refused:
        write_text(tmp_path / "a.txt", "城市\udcff")
    assert "udcff" in refused.value.where
    assert not list(tmp_path.iterdir())


def refusing(number: int, monkeypatch: pytest.MonkeyPatch, name: str = "replace") -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(number, os.strerror(number), str(args[0]))

    monkeypatch.setattr(Path, name, refuse)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY, errno.ENOSPC, errno.ESTALE])
@pytest.mark.parametrize("step", ["replace", "open"])
def test_a_good_file_survives_a_failed_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    path = write_text(tmp_path / "table.csv", "good")
    with monkeypatch.context() as patch:
        refusing(number, patch, step)
        with pytest.raises(StudyError, match=r"table\.csv") as refused:
            write_text(path, "bad")
    assert ".bayes_nqp" not in str(refused.value)
    assert path.read_text(encoding="utf-8") == "good"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_what_a_disk_does_not_give_back_is_not_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_text(tmp_path / "table.csv", "good")
    opened = Path.open

    def cut(part: Path, mode: str = "r", *args: object, **kwargs: object) -> object:
        file = opened(part, mode, *args, **kwargs)  # type: ignore[call-overload]
        if mode == "rb" and part.suffix == ".part":
            file.seek(1)
        return file

    monkeypatch.setattr(Path, "open", cut)
    with pytest.raises(StudyError, match=r"table\.csv' cannot be written: the disk gives back"):
        write_text(path, "bad")
    assert path.read_text(encoding="utf-8") == "good"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_another_package_that_fails_midway_leaves_a_good_file(tmp_path: Path) -> None:
    path = write_text(tmp_path / "figure.png", "good")

    def broken(file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(path, broken)
    assert path.read_text(encoding="utf-8") == "good"


def test_real_refusals(tmp_path: Path) -> None:
    file = write_text(tmp_path / "file", "x")
    with pytest.raises(StudyError, match="a part of its path is a file"):
        write_text(file / "inner" / "a.csv", "x")
    with pytest.raises(StudyError, match="it is a folder"):
        write_text(tmp_path, "x")
    with pytest.raises(StudyError, match="too long"):
        write_text(tmp_path / ("名" * 100), "x")
    with pytest.raises(StudyError, match="too long"), place(tmp_path / ("n" * 300), force=False):
        raise AssertionError("this was to be refused before any work")
    with pytest.raises(StudyError, match="is the root"), place("/", force=False):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are made as on POSIX")
def test_links_are_followed_and_devices_refused(tmp_path: Path) -> None:
    real = write_text(tmp_path / "real.csv", "old")
    real.chmod(0o600)
    link = tmp_path / "link.csv"
    link.symlink_to(real)
    write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == "new"
    assert real.stat().st_mode & 0o777 == 0o600, "what is confidential stays so"
    os.mkfifo(tmp_path / "pipe")
    for device in (tmp_path / "pipe", "/dev/null"):
        with pytest.raises(StudyError, match="a device or a pipe"):
            write_text(device, "x")
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(StudyError, match="form a loop"):
        write_text(circle, "x")


@pytest.mark.skipif(os.name != "posix", reason="permissions as on POSIX")
def test_new_files_and_folders_can_be_read_by_others(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        path = write_text(tmp_path / "new" / "table.csv", "x")
        with place(tmp_path / "out", force=False) as ready:
            write_text(ready.draft / "a.csv", "x")
            ready.finish()
    finally:
        os.umask(mask)
    modes = [p.stat().st_mode & 0o777 for p in (path, path.parent, tmp_path / "out")]
    assert modes == [0o644, 0o755, 0o755]
    assert (tmp_path / "out" / "a.csv").stat().st_mode & 0o777 == 0o644


def test_a_file_that_is_there_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.toml", "mine")
    with pytest.raises(StudyError, match="already exists and is not overwritten"):
        write_text(path, "other", replace=False)
    assert path.read_text(encoding="utf-8") == "mine"


def test_folders_that_a_failed_write_made_go_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(errno.ENOSPC, monkeypatch)
    with pytest.raises(StudyError, match="the disk is full"):
        write_text(tmp_path / "new" / "deep" / "a.csv", "x")
    assert not list(tmp_path.iterdir())


def test_a_folder_taken_away_meanwhile(tmp_path: Path) -> None:
    def vanishing() -> None:
        with place(tmp_path / "out", force=False) as ready:
            ready.draft.rmdir()
            write_text(ready.draft / "a.csv", "x")

    with pytest.raises(StudyError, match="its folder does not exist") as refused:
        vanishing()
    assert repr(str(tmp_path / "out" / "a.csv")) in refused.value.what
    assert not list(tmp_path.iterdir())


def test_too_many_open_files(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="no limit on open files")
    import pandas as pd

    path = write_csv(pd.DataFrame({"a": [1]}), tmp_path / "a.csv")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(StudyError, match="too many files are open"):
            write_csv(pd.DataFrame({"a": [2]}), path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert pd.read_csv(path)["a"].tolist() == [1]
