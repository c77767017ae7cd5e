"""Output goes where it can, in the encoding that is there; files are always UTF-8."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from doors import OutputError, streams
from small_study import STUDY, write_study

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.cli import main
from bayes_nqp.studies import validate

COMMAND = (sys.executable, "-c", "from bayes_nqp.cli import main; main()")
ENGLISH = STUDY.replace("城市与新质生产力", "Cities, 2012–2019")
FULL = Path("/dev/full")
LOCALES = {
    "C": {"LC_ALL": "C"},
    "UTF-8": {"LC_ALL": "C.UTF-8"},
    "POSIX": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "GB18030": {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "gb18030"},
    "Latin-1": {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "latin-1"},
}

posix = pytest.mark.skipif(os.name != "posix", reason="streams as POSIX has them")


def process(
    *arguments: str | bytes, folder: Path, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own."""
    dropped = ("LANG", "LC_ALL", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONCOERCECLOCALE")
    environment = {k: x for k, x in os.environ.items() if k not in dropped} | variables
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=environment, capture_output=True, check=False
    )


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Type a command whose streams are files of an encoding."""
    monkeypatch.chdir(tmp_path)

    def call(encoding: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bayes-nqp", *arguments])
        paths = [tmp_path / "stdout", tmp_path / "stderr"]
        with (
            paths[0].open("w", encoding=encoding) as out,
            paths[1].open("w", encoding=encoding) as err,
            monkeypatch.context() as patched,
        ):
            patched.setattr(sys, "stdout", out)
            patched.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as left:
                main()
        shown = [path.read_bytes().decode(encoding) for path in paths]
        for path in paths:
            path.unlink()
        assert "Traceback" not in "".join(shown)
        return int(left.value.code or 0), *shown

    return call


@pytest.mark.sample(2)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gb18030", "utf-8", "cp1252"])
@pytest.mark.parametrize("text", [STUDY, ENGLISH], ids=["Chinese", "English"])
def test_every_command_speaks_every_encoding(
    tmp_path: Path, typed: Callable[..., tuple[int, str, str]], encoding: str, text: str
) -> None:
    write_study(tmp_path, text)
    able = encoding in ("gb18030", "utf-8")
    for arguments, code in (
        (("--help",), 0),
        (("new", "--help"), 0),
        (("list", "."), 0),
        (("validate", "study.toml"), 0),
        (("validate", "stüdy–城.toml"), 2),
        (("new", "cities.csv", "--out", "new.toml"), 0),
        (("index", "cities.csv", "--positive", "nqp", "--name", "指数", "--out", "i.csv"), 0),
        (("zones", "cities.csv", "--prefecture", "地区"), 2),
        (("schema", "--out", "schema.json"), 0),
        (("neu",), 2),
    ):
        left, out, err = typed(encoding, *arguments)
        assert left == code, err
        if arguments == ("validate", "study.toml"):
            assert ("(城市)" if able else r"(\u57ce\u5e02)") in out
            assert able == ("lacks characters" not in err)
    for path in tmp_path.iterdir():
        path.read_text(encoding="utf-8")
    assert "城市" in (tmp_path / "new.toml").read_text(encoding="utf-8")


@pytest.mark.slow
@posix
@pytest.mark.parametrize("locale", LOCALES)
def test_a_process_in_each_locale(tmp_path: Path, locale: str) -> None:
    write_study(tmp_path)
    (tmp_path / "study.toml").rename(tmp_path / "城市.toml")
    done = process("validate", "城市.toml".encode(), folder=tmp_path, **LOCALES[locale])
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    encoding = LOCALES[locale].get("PYTHONIOENCODING", "utf-8")
    if locale == "POSIX":
        encoding = "ascii"
    text = done.stdout.decode(encoding)
    assert ("(城市)" if encoding in ("utf-8", "gb18030") else r"(\u57ce\u5e02)") in text


@pytest.mark.slow
@posix
def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write_study(tmp_path)
    odd = os.fsencode(tmp_path) + b"/\xff.toml"
    Path(os.fsdecode(odd)).write_text(STUDY, encoding="utf-8")
    with pytest.raises(StudyError, match=r"'.*\\xff\.toml' is no text in UTF-8"):
        validate(os.fsdecode(odd))
    done = process("validate", odd, folder=tmp_path)
    assert done.returncode == 2
    assert rb"\xff.toml' is no text in UTF-8" in done.stderr
    done = process("new", b"\xff.csv", folder=tmp_path)
    assert done.returncode == 2
    assert b"rename the file or folder" in done.stderr


@pytest.mark.slow
@posix
@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("schema",), ("list",)])
def test_an_output_that_is_full_or_closed_is_said(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    shell = f"{_quoted(*arguments)} >/dev/full"
    done = subprocess.run(["sh", "-c", shell], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 74
    assert b"could not be written: No space left on device.\nTry: " in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
@posix
@pytest.mark.parametrize(
    ("redirected", "code"),
    [
        (">&-", 74),
        (">&- 2>&-", 74),
        ("2>&-", 0),
        ("2>/dev/full", 0),
        ("| head -0; exit ${PIPESTATUS[0]}", 141),
        ("2>&1 | head -0; exit ${PIPESTATUS[0]}", 141),
        ("<&-", 0),
    ],
)
def test_streams_that_are_not_there(tmp_path: Path, redirected: str, code: int) -> None:
    # What is longer than a pipe holds meets its end while it is written, the rest on leaving.
    shell = f"{_quoted('schema' if 'head' in redirected else 'list')} {redirected}"
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert (code == 74 and "2>" not in redirected) == (b"it is closed" in done.stderr)


@pytest.mark.slow
@posix
def test_little_memory_is_said_before_libraries_die_of_it(tmp_path: Path) -> None:
    for limit in (300_000, 900_000):
        shell = f"ulimit -v {limit}; {_quoted('list')}"
        done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 71
        assert b"There is not enough memory (a limit of " in done.stderr
        assert b"ulimit -v unlimited" in done.stderr
        assert done.stdout == b""
    shell = f"ulimit -v 300000; {_quoted('--help')}"
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0


@pytest.mark.slow
@posix
def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    for command, code in (("run castle_doctrine", 71), ("new a.csv", 2), ("list", 0)):
        (tmp_path / "gone").mkdir(exist_ok=True)
        shell = f"cd gone; rmdir ../gone; {_quoted(*command.split())}"
        done = subprocess.run(["sh", "-c", shell], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode in (code, 71), done.stderr
        assert b"Traceback" not in done.stderr
        assert code == 0 or b"Try: " in done.stderr


@pytest.mark.slow
@posix
def test_nobody_at_home(tmp_path: Path) -> None:
    write_study(tmp_path)
    for home in ({"HOME": "/nonexistent/home"}, {"HOME": ""}):
        done = process("validate", "study.toml", folder=tmp_path, **home)
        assert done.returncode == 0, done.stderr
        assert done.stderr == b""


def test_remarks_of_other_packages_stay_off_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    import logging

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with warnings.catch_warnings(), streams() as flush:
            warnings.simplefilter("default")
            warnings.warn("from elsewhere", UserWarning, stacklevel=1)
            logging.getLogger("elsewhere").error("a remark")
            flush()
        assert capfd.readouterr() == ("", "")
        with pytest.raises(UserWarning, match="again an error"):
            warnings.warn("again an error", UserWarning, stacklevel=1)


def test_an_output_that_fails_says_so_once() -> None:
    class Broken(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    before = sys.stdout
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(Broken()), "utf-8")
    try:
        with streams() as flush:
            sys.stdout.write("城市")
            with pytest.raises(OutputError, match="No space left"):
                flush()
            sys.stdout.write("more")
            flush()
    finally:
        sys.stdout = before


def _quoted(*arguments: str) -> str:
    import shlex

    return shlex.join([*COMMAND, *arguments])
