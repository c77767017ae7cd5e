"""One run a place, nothing moved unasked, and nothing left of what was killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from doors import _drafts

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io import place, write_text

MAKER = """
import sys, time
from bayes_nqp._core.io import place, write_text
with place(sys.argv[1], force="--force" in sys.argv) as ready:
    write_text(ready.draft / "a.txt", "new")
    print("begun", flush=True)
    sys.stdin.readline()
    ready.finish()
"""


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def made(out: Path, text: str = "new", *, force: bool = False) -> Path | None:
    with place(out, force=force) as ready:
        write_text(ready.draft / "a.txt", text)
        ready.finish()
    return ready.moved


def begun(out: Path, *more: str) -> subprocess.Popen[str]:
    """Another process that makes a place, and waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKER, str(out), *more],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


@pytest.mark.slow
@pytest.mark.parametrize("force", [False, True])
def test_the_second_of_two_runs_is_refused_and_touches_nothing(tmp_path: Path, force: bool) -> None:
    out = tmp_path / "out"
    if force:
        made(out, "earlier")
    first = begun(out, *["--force"] * force)
    before = names(tmp_path)
    with pytest.raises(StudyError, match="is being written by another run"):
        made(out, "second", force=force)
    assert names(tmp_path) == before
    _, err = first.communicate("\n", timeout=60)
    assert (first.returncode, err) == (0, "")
    assert names(tmp_path) == ({"out", "out.1"} if force else {"out"})
    assert (out / "a.txt").read_text(encoding="utf-8") == "new"


def test_two_runs_in_one_process(tmp_path: Path) -> None:
    refused = []

    def second() -> None:
        try:
            made(tmp_path / "out", "second")
        except StudyError as error:
            refused.append(error)

    with place(tmp_path / "out", force=False) as ready:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        ready.finish()
    assert len(refused) == 1
    assert names(tmp_path) == {"out"}


def test_neighbours_do_not_hinder_one_another(tmp_path: Path) -> None:
    """Names that begin alike, and a draft that is made while others come and go."""
    with place(tmp_path / "out", force=False) as ready:
        for name in ("out.b", "ou", "out.1", ".out"):
            made(tmp_path / name)
        write_text(tmp_path / "table.csv", "x")
        write_text(ready.draft / "a.txt", "x")
        ready.finish()
    assert names(tmp_path) == {"out", "out.b", "ou", "out.1", ".out", "table.csv"}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing kills like kill -9")
def test_drafts_of_killed_runs_go_with_the_next_one(tmp_path: Path) -> None:
    made(tmp_path / "out", "earlier")
    killed = [begun(tmp_path / name, "--force") for name in ("out", "other")]
    for process in killed:
        process.kill()
        process.communicate()
    left = names(tmp_path) - {"out"}
    assert len(left) == 4, "a draft and a lock each"
    alive = begun(tmp_path / "alive")
    theirs = names(tmp_path) - left - {"out"}
    write_text(tmp_path / "table.csv", "x")
    assert names(tmp_path) == {"out", "table.csv", *theirs}
    assert (tmp_path / "out" / "a.txt").read_text(encoding="utf-8") == "earlier"
    alive.communicate("\n", timeout=60)
    assert names(tmp_path) == {"out", "table.csv", "alive"}


def test_folders_that_merely_look_like_drafts_stay(tmp_path: Path) -> None:
    mine = {
        ".out.abc12345.part",
        ".bayes_nqp.0123456789ab.01234567.part",
        ".bayes_nqp.mine.lock",
        ".bayes_nqp.part",
        "out.part",
        ".out.lock",
    }
    for name in mine:
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").touch()
    made(tmp_path / "out")
    assert names(tmp_path) == {*mine, "out"}
    assert all(names(tmp_path / name) == {"notes.txt"} for name in mine)


def test_what_came_meanwhile_is_not_moved_unasked(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def late() -> None:
        with place(out, force=False) as ready:
            write_text(ready.draft / "a.txt", "new")
            out.mkdir()
            (out / "mine.txt").touch()
            ready.finish()

    with pytest.raises(StudyError, match="was created during the run") as refused:
        late()
    assert refused.value.where == f"the new results are in {str(tmp_path / 'out.1')!r}"
    assert names(tmp_path) == {"out", "out.1"}
    assert (names(out), names(tmp_path / "out.1")) == ({"mine.txt"}, {"a.txt"})


def test_the_folder_in_which_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudyError, match="already exists"), place(".", force=False):
        pass
    with (
        pytest.raises(StudyError, match="is not moved"),
        place(".", force=True, guarded=(tmp_path,)),
    ):
        pass


def test_new_folders_above_go_with_a_failure_and_stay_for_others(tmp_path: Path) -> None:
    def failing() -> None:
        with place(tmp_path / "new" / "a", force=False):
            made(tmp_path / "new" / "b")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert names(tmp_path / "new") == {"b"}


def test_a_disk_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run keeps its results beside, and no lock is left."""

    def none(*args: object) -> None:
        raise OSError(errno.ENOSYS, "no locks here")

    fcntl = pytest.importorskip("fcntl", reason="locks are taken from fcntl")
    monkeypatch.setattr(fcntl, "flock", none)

    def second() -> None:
        with place(tmp_path / "out", force=False) as ready:
            made(tmp_path / "out", "first")
            ready.finish()

    with pytest.raises(StudyError, match="was created during the run"):
        second()
    assert names(tmp_path) == {"out", "out.1"}


@pytest.mark.parametrize("number", [errno.EACCES, errno.EAGAIN, errno.ENOLCK, errno.ENOTSUP])
def test_a_disk_that_answers_as_if_every_lock_were_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """No other run is spoken of where there can be none."""

    def none(*args: object) -> None:
        raise OSError(number, os.strerror(number))

    fcntl = pytest.importorskip("fcntl", reason="locks are taken from fcntl")
    monkeypatch.setattr(fcntl, "flock", none)
    made(tmp_path / "out")
    write_text(tmp_path / "a.csv", "x")
    assert names(tmp_path) == {"out", "a.csv"}


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder of the system's own")
def test_a_folder_of_the_system() -> None:
    """Where a file cannot even be made, as on some disks of a network."""
    for write in (lambda: made(Path("/proc/out")), lambda: write_text("/proc/a.csv", "x")):
        with pytest.raises(StudyError, match="its folder takes no files") as refused:
            write()
        assert "/proc/" in refused.value.what


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are made as on POSIX")
@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_something_else_under_the_name_of_a_lock(tmp_path: Path, kind: str) -> None:
    lock = tmp_path / f".bayes_nqp.{_drafts._key(tmp_path / 'out')}.lock"
    make = {"folder": Path.mkdir, "link": lambda x: x.symlink_to("/dev/null"), "pipe": os.mkfifo}
    make[kind](lock)  # type: ignore[operator]
    made(tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text(encoding="utf-8") == "new"


@pytest.mark.skipif(os.name != "posix", reason="pipes are made as on POSIX")
def test_no_device_is_moved_aside(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place_ in (tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(StudyError, match="a device or a pipe"):
            made(place_, force=True)
    assert names(tmp_path) == {"pipe"}


def test_a_name_aside_that_is_too_long_is_said_before_the_work(tmp_path: Path) -> None:
    out = tmp_path / ("n" * 254)
    made(out, "earlier")
    with pytest.raises(StudyError, match="too long"), place(out, force=True):
        raise AssertionError("this was to be refused before any work")
    assert names(tmp_path) == {out.name}


def test_an_earlier_folder_that_cannot_be_moved_costs_no_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    made(out, "earlier")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self == out:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StudyError, match="cannot be moved") as refused:
        made(out, force=True)
    assert str(tmp_path / "out.1") in refused.value.where
    texts = [(folder / "a.txt").read_text(encoding="utf-8") for folder in (out, tmp_path / "out.1")]
    assert texts == ["earlier", "new"]


def test_elsewhere_a_lock_that_is_open_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows: its file goes once it has been let go."""
    unlink, held = Path.unlink, _drafts._lock

    def taken(path: Path, patience: float) -> object:
        locks[path] = held(path, patience)
        return locks[path]

    def refusing(self: Path, missing_ok: bool = False) -> None:
        if self in locks and locks[self].is_locked:  # type: ignore[attr-defined]
            raise PermissionError(errno.EACCES, "in use", str(self))
        unlink(self, missing_ok)

    locks: dict[Path, object] = {}
    monkeypatch.setattr(_drafts, "_lock", taken)
    monkeypatch.setattr(Path, "unlink", refusing)
    made(tmp_path / "out")
    assert len(locks) == 1
    assert names(tmp_path) == {"out"}


def test_a_lock_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stale one in a folder for all, which this user may neither open nor remove."""

    def refused(*args: object) -> None:
        raise PermissionError(errno.EACCES, "not yours")

    monkeypatch.setattr(_drafts, "_lock", refused)
    made(tmp_path / "out")
    assert names(tmp_path) == {"out"}


@pytest.mark.skipif(os.name != "posix", reason="names that differ in case are two")
def test_names_that_differ_in_case_are_two_places(tmp_path: Path) -> None:
    with place(tmp_path / "out", force=False) as ready:
        made(tmp_path / "OUT")
        ready.finish()
    assert names(tmp_path) == {"out", "OUT"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out", "out='out' 已存在，不予覆盖。\n建议：换一个名称"),
        ("out.csv", "建议：使用文件夹，如 'out'"),
    ],
)
def test_what_is_said_of_a_place_is_said_in_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    with pytest.raises(StudyError) as caught, place(name, force=False):
        pass
    assert words in caught.value.in_("zh")
