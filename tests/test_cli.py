"""The command line says what it does, and what went wrong, in plain words."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from small_study import STUDY, write_study
from typer.testing import CliRunner, Result

from bayes_nqp import studies
from bayes_nqp.cli import app

HEAVY = {"arviz", "matplotlib", "numba", "numpy", "nutpie", "pandas", "pydantic", "pymc", "xarray"}


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path)


def test_help_gives_an_example() -> None:
    shown = call("--help")
    assert shown.exit_code == 0
    assert "bayes-nqp run models/castle_doctrine.toml --out results/castle_doctrine" in shown.output
    assert all(command in shown.output for command in ("run", "validate", "list"))
    assert "--force" in call("run", "--help").output


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import json, sys\nsys.argv = ['bayes-nqp', '--help']\n"
        "from bayes_nqp.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = json.loads(done.stdout.decode("utf-8").splitlines()[-1])
    assert HEAVY & set(loaded) == set()


def test_version() -> None:
    assert call("--version").output == f"bayes-nqp {version('bayes-nqp')}\n"


def test_list_shows_titles(study: Path) -> None:
    shown = call("list", study.parent)
    assert shown.exit_code == 0
    assert "study.toml" in shown.output
    assert "城市与新质生产力" in shown.output


def test_validate_shows_the_panel_and_what_is_identified(study: Path) -> None:
    shown = call("validate", study)
    assert shown.exit_code == 0
    assert "20 (城市), 10 treated, 10 never" in shown.output
    assert "Cells  18 of 18 have an identified effect" in shown.output
    assert "This study can run." in shown.output


def test_the_shipped_study_is_valid() -> None:
    models = Path(__file__).resolve().parents[1] / "models"
    for path in models.glob("*.toml"):
        assert studies.validate(path).settings.title


@pytest.mark.parametrize("command", ["validate", "run"])
def test_bad_input_is_said_without_a_traceback(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_study(tmp_path, STUDY.replace("outcome =", "outcom =", 1))
    shown = call(command, path)
    assert shown.exit_code == 2
    assert "[data] has the unknown key 'outcom'" in shown.stderr
    assert "Try: did you mean 'outcome'?" in shown.stderr
    assert "Traceback" not in shown.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cities.csv", "study.toml"]


def test_a_run_shows_results_and_strict_fails_what_failed(study: Path) -> None:
    out = study.parent / "out"
    shown = call("run", study, "--out", out, "--strict")
    assert shown.exit_code == 1
    assert "overall" in shown.stdout
    assert "convergence gate: failed" in shown.stdout
    assert "support: holds" in shown.stdout
    assert str(out) in shown.stdout
    assert "--strict: convergence gate failed" in shown.stderr
    assert "sampling …" in shown.stderr
    assert (out / "summary.csv").exists()
    again = call("run", study, "--out", out)
    assert again.exit_code == 2
    assert "is there already" in again.stderr


def test_an_interrupt_is_no_crash(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(studies, "run", stopped)
    shown = call("run", study, "--out", study.parent / "out")
    assert shown.exit_code == 130
    assert "Interrupted; nothing was written." in shown.stderr
