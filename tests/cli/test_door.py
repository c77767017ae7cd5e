"""Whatever goes wrong leaves the command line in words, with the exit code that docs promise."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from doors import CODES
from small_study import STUDY, city_rows, write_study

from bayes_nqp import studies
from bayes_nqp._core.exceptions import ConvergenceError, IdentificationError, PanelError, StudyError
from bayes_nqp.cli import main

DOCS = Path(__file__).resolve().parents[2] / "docs" / "studies.md"

type Called = Callable[..., tuple[int, str, str]]

COMMANDS = {
    "run": ("run", "study.toml"),
    "validate": ("validate", "study.toml"),
    "titles": ("list", "."),
    "new": ("new", "cities.csv"),
    "add_index": ("index", "cities.csv", "--positive", "nqp"),
    "add_zones": ("zones", "cities.csv"),
    "json_text": ("schema",),
}
"""What is typed, by the function of `bayes_nqp.studies` that does the work."""


def no_memory() -> MemoryError:
    with pytest.raises(MemoryError) as caught:
        np.empty((2**20, 2**20, 2**10))
    return caught.value


PROBLEMS = {
    "study": (lambda: StudyError("'x' is 1", hint="2"), 2, "'x' is 1.\nTry: 2."),
    "panel": (lambda: PanelError("rows", hint="none"), 2, "Try: none."),
    "identification": (lambda: IdentificationError("all", hint="some"), 2, "Try: some."),
    "convergence": (lambda: ConvergenceError("draws", hint="more"), 1, "Try: more."),
    "memory": (MemoryError, 71, "not enough memory.\nTry: fewer draws"),
    "array": (no_memory, 71, "not enough memory (Unable to allocate"),
    "segment": (
        lambda: ImportError("libx.so: failed to map segment from shared object"),
        71,
        "not enough memory",
    ),
    "thread": (lambda: RuntimeError("can't start new thread"), 71, "not enough memory"),
    "disk": (
        lambda: OSError(errno.ENOSPC, "No space left on device", "a.csv"),
        71,
        "'a.csv' (No space left on device).\nTry: free disk space",
    ),
    "files": (lambda: OSError(errno.EMFILE, "Too many open files"), 71, "ulimit -n"),
    "permission": (
        lambda: PermissionError(errno.EACCES, "Permission denied", "a.csv"),
        71,
        "exists and is readable or writable",
    ),
    "type": (
        lambda: TypeError("got 'x'"),
        70,
        "not in your study: TypeError: got 'x' (_app.py, line",
    ),
    "recursion": (lambda: RecursionError("too deep"), 70, "RecursionError"),
    "end": (EOFError, 70, "EOFError (_app.py, line"),
    "unicode": (lambda: UnicodeDecodeError("ascii", b"\xff", 0, 1, "no"), 70, "UnicodeDecode"),
    "plain": (lambda: OSError("without a number"), 70, "OSError: without a number"),
    "interrupt": (KeyboardInterrupt, 130, "Interrupted; no"),
}


@pytest.fixture
def called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Called:
    """Type a command in a folder with a small study."""
    write_study(tmp_path)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bayes-nqp", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        shown = capsys.readouterr()
        assert "Traceback" not in shown.out + shown.err
        return int(left.value.code or 0), shown.out, shown.err

    return call


@pytest.mark.sample(10)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_problem_has_words_and_a_code(
    called: Called, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, problem: str
) -> None:
    make, code, words = PROBLEMS[problem]

    def broken(*_: object, **__: object) -> None:
        raise make()

    monkeypatch.setattr(studies, command, broken)
    before = sorted(tmp_path.iterdir())
    left, out, err = called(*COMMANDS[command])
    assert left == code
    assert words in err
    assert out == ""
    assert problem == "interrupt" or "\nTry: " in err
    assert ("goes on from there" in err) == ((problem, command) == ("interrupt", "run"))
    assert (code == 70) == ("This is a bug in bayes_nqp, not in your study" in err)
    assert (code == 70) == ("report it" in err)
    assert sorted(tmp_path.iterdir()) == before


def test_a_traceback_is_shown_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise TypeError("ours")

    monkeypatch.setattr(studies, "titles", broken)
    monkeypatch.setattr(sys, "argv", ["bayes-nqp", "list"])
    monkeypatch.setenv("BAYES_NQP_TRACEBACK", "1")
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 70
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_usage_and_success_have_their_codes(called: Called) -> None:
    for arguments, code, words in (
        (("nonsense",), 2, "No such command 'nonsense'"),
        (("run",), 2, "Missing argument"),
        (("run", "study.toml", "--froce"), 2, "--force"),
        (("list", "nowhere"), 2, "the folder 'nowhere' does not exist"),
        (("validate", "studyy.toml"), 2, "did you mean 'study.toml'?"),
        (("new", "nowhere.csv"), 2, "does not exist"),
        (("index", "cities.csv", "--positive", "nqqp"), 2, "nqqp"),
        (("zones", "cities.csv", "--prefecture", "城"), 2, "did you mean '城市'?"),
        (("schema", "--out", "cities.csv"), 2, "already exists"),
        (("list", "."), 0, ""),
        (("validate", "study.toml"), 0, ""),
        (("--version",), 0, ""),
        (("--help",), 0, ""),
    ):
        left, _, err = called(*arguments)
        assert left == code, (arguments, err)
        assert words.replace(" ", "") in re.sub(r"[\s│]", "", err), (arguments, err)


@pytest.mark.slow
def test_a_new_study_that_does_not_run_yet_is_no_success(called: Called, tmp_path: Path) -> None:
    frame = city_rows().assign(zone_year=2012)
    frame.to_csv(tmp_path / "all.csv", index=False, encoding="utf-8-sig")
    assert called("new", "all.csv", "--cohort", "zone_year")[0] == 1


def test_nesting_without_end_is_an_error_of_the_study(called: Called, tmp_path: Path) -> None:
    for text in (
        f"x = {'[' * 5000}{']' * 5000}",
        "[" + ".".join("a" * 5000) + "]",
        f"x = {'{a = ' * 5000}1{'}' * 5000}",
        f"x = {'9' * 5000}",
        STUDY.replace('"log(nqp)"', f'"{"-" * 3000}nqp"'),
        STUDY.replace('"log(nqp)"', f'"{"log(" * 150}nqp{")" * 150}"'),
        STUDY.replace('"log(nqp)"', f'"{" + ".join(["nqp"] * 5000)}"'),
    ):
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        left, _, err = called("validate", "study.toml")
        assert left == 2, err
        assert "\nTry: " in err
        assert len(err) < 2000


def test_what_a_terminal_would_obey_is_spelled_out(called: Called, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(r'title = "a\u001b[31mred\u0007"', encoding="utf-8")
    left, out, _ = called("list", ".")
    assert left == 0
    assert "\x1b" not in out
    assert "a[31mred" in out


def test_docs_and_help_list_the_codes(called: Called) -> None:
    text = DOCS.read_text(encoding="utf-8")
    codes = re.findall(r"\b(\d+)\b", CODES)
    assert codes == ["0", "1", "2", "70", "71", "73", "74", "130", "141", "129", "143"]
    listed = ", ".join(re.findall(r"^\| ([\d, ]+) \|", text, re.MULTILINE)).split(", ")
    assert set(listed) == set(codes)
    assert "BAYES_NQP_TRACEBACK" in text
    out = called("--help")[1]
    assert all(code in out for code in codes)
