"""What is no file of bounded size is refused at once by every door that opens a path."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from small_study import STUDY, write_study

import bayes_nqp as nqp
from bayes_nqp import studies
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp._core.io import read_toml
from bayes_nqp.cli import main

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are made as on POSIX")

LINKS = '[space.weights.links]\nkind = "matrix"\nfile = "{}"\n'


def in_study(text: str) -> Callable[[Path], object]:
    """Validate a study that names the path somewhere else than as its data."""
    return lambda path: studies.validate(write_study(path.parent, STUDY + text.format(path.name)))


def with_data(path: Path) -> object:
    study = write_study(path.parent)
    study.write_text(STUDY.replace("cities.csv", path.name), encoding="utf-8")
    return studies.validate(study)


def with_index(path: Path) -> object:
    return in_study('[index]\nsystem = "{}"\n')(path)


DOORS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "study": ("toml", studies.validate),
    "run": ("toml", lambda path: studies.run(path, path.with_name("out"))),
    "data of a study": ("csv", with_data),
    "workbook of a study": ("xlsx", with_data),
    "system of a study": ("toml", with_index),
    "weights of a study": ("csv", in_study(LINKS)),
    "boundaries of a study": ("geojson", in_study('[space]\nboundaries = "{}"\nid = "城市"\n')),
    "new": ("dta", lambda path: studies.new(path, path.with_name("new.toml"))),
    "index": ("parquet", lambda path: studies.add_index(path, positive=["a"])),
    "zones": ("xls", studies.add_zones),
    "panel": ("tsv", lambda path: nqp.Panel.from_file(path, unit="a", time="b", outcome="c")),
    "system": ("toml", nqp.IndexSystem.from_toml),
    "fit": ("nc", nqp.load),
    "links of GeoDa": ("gal", nqp.spatial_weights.matrix),
    "weights of GeoDa": ("gwt", nqp.spatial_weights.matrix),
    "arrays of links": ("npz", lambda path: nqp.spatial_weights.matrix(path, ids=["a"])),
    "boundaries": ("shp", lambda path: nqp.spatial_weights.contiguity(path, id="a")),
}


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(path.name)


def vast(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"x")
        file.truncate(2**42)


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "is a pipe"),
    "link to a pipe": (
        lambda path: (os.mkfifo("p"), path.symlink_to("p")),
        "'p', and the target is a pipe",
    ),
    "endless device": (lambda path: path.symlink_to("/dev/zero"), "target is a device"),
    "terminal": (lambda path: path.symlink_to("/dev/tty"), "target is a device"),
    "socket": (bound, "is a socket"),
    "folder": (Path.mkdir, "is a folder"),
    "circle": (lambda path: path.symlink_to(path.name), "cannot be followed"),
    "vast": (vast, r"memory|bytes|needs a package|cannot be read|unfolds|no polygons|no matrix"),
}


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to be in, in which nothing may wait for ever."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise AssertionError("it waited")

    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield tmp_path
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_file(impatient: Path, door: str, kind: str) -> None:
    ending, opened = DOORS[door]
    make, words = KINDS[kind]
    path = impatient / f"cases.{ending}"
    try:
        make(path)
    except OSError:
        pytest.skip("no file of this size here")
    with pytest.raises(NQPError, match=words) as refused:
        opened(path)
    assert path.name in str(refused.value)
    assert refused.value.hint


@pytest.mark.parametrize("kind", ["pipe", "endless device", "vast"])
@pytest.mark.parametrize("command", ["run", "validate", "new", "index", "zones", "list"])
def test_at_the_command_line(
    impatient: Path,
    command: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = "cases.toml" if command in ("run", "validate", "list") else "cases.csv"
    KINDS[kind][0](impatient / name)
    more = ["--positive", "a"] if command == "index" else []
    typed = ["bayes-nqp", command, "." if command == "list" else name, *more]
    monkeypatch.setattr("sys.argv", typed)
    with pytest.raises(SystemExit) as ended:
        main()
    shown = capsys.readouterr()
    assert ended.value.code == (0 if command == "list" else 2)
    assert name in shown.out + shown.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".".join("a" * 1_000_000) + " = 1", "nests brackets or tables"),
        ("[" + " . ".join("a" * 1_000_000) + "]", "nests brackets or tables"),
        ('"a\\"".' * 500_000 + "b = 1", "nests brackets or tables"),
        ("x = " + "[" * 1_000_000, "nests brackets or tables"),
        ("x = 1\n" * 1_000_000, "has 6,000,000 bytes"),
        ("x = " + "1" * 1_000_000, "thousands of digits"),
    ],
    ids=["key", "table", "quoted", "brackets", "long", "digits"],
)
def test_a_page_without_end(impatient: Path, text: str, words: str) -> None:
    path = impatient / "page.toml"
    path.write_text(text, encoding="utf-8")
    for opened in (read_toml, studies.validate, nqp.IndexSystem.from_toml):
        with pytest.raises(NQPError, match=f"page.toml.*{words}"):
            opened(path)  # type: ignore[operator]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no files without a size here")
def test_a_file_whose_size_is_not_true(impatient: Path) -> None:
    assert Path("/proc/self/status").stat().st_size == 0
    (impatient / "page.toml").symlink_to("/proc/self/status")
    with pytest.raises(NQPError, match=r"page.toml is not valid TOML"):
        read_toml(impatient / "page.toml")


@pytest.mark.parametrize("ending", ["dbf", "shx", "prj"])
def test_a_pipe_beside_a_file_of_polygons(impatient: Path, ending: str) -> None:
    (impatient / "map.shp").write_bytes(b"x")
    os.mkfifo(f"map.{ending}")
    with pytest.raises(NQPError, match=f"map.{ending}' is a pipe"):
        nqp.spatial_weights.contiguity(impatient / "map.shp", id="a")
