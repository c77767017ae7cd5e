"""The command line says what it does, and what went wrong, in plain words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from small_study import STUDY, city_rows, write_study
from typer.testing import CliRunner, Result

from bayes_nqp import studies
from bayes_nqp.cli import app

HEAVY = {"arviz", "matplotlib", "numba", "numpy", "nutpie", "pandas", "pydantic", "pymc", "xarray"}

PLACES = (
    "杭州", "宁波", "上海市", "苏州", "合肥", "兰州", "阜阳", "大庆", "咸阳市", "新乡", "保山",
    "衡水", "青岛", "大连", "厦门", "贵阳", "西宁", "南宁", "海口", "太原",
)  # fmt: skip


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path)


@pytest.mark.slow
def test_help_gives_an_example() -> None:
    shown = call("--help")
    assert shown.exit_code == 0
    assert "bayes-nqp run models/castle_doctrine.toml --out results/castle_doctrine" in shown.output
    commands = ("run", "validate", "list", "new", "index", "zones", "schema")
    assert all(command in shown.output for command in commands)
    assert all("Example: bayes-nqp" in call(one, "--help").output for one in commands)
    assert "--force" in call("run", "--help").output


@pytest.mark.slow
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


def test_list_shows_the_studies_that_come_with_the_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = call("list")
    assert shown.exit_code == 0
    assert any(line.split()[:1] == ["castle_doctrine"] for line in shown.output.splitlines())
    assert "50 (state)" in call("validate", "castle_doctrine").output
    missing = call("validate", "castle_doctrin")
    assert missing.exit_code == 2
    assert "'castle_doctrin' does not exist" in missing.stderr
    assert "did you mean 'castle_doctrine'?" in missing.stderr


def test_new_index_and_zones_write_files(tmp_path: Path) -> None:
    frame = city_rows()
    frame["城市"] = frame["城市"].map(dict(zip(frame["城市"].unique(), PLACES, strict=True)))
    frame.to_csv(tmp_path / "a.csv", index=False, encoding="utf-8-sig")
    shown = call("new", tmp_path / "a.csv", "--outcome", "nqp")
    assert shown.exit_code == 0
    assert "nqp  (specified by you)" in shown.output
    assert "Ready to run: bayes-nqp run" in shown.output
    again = call("new", tmp_path / "a.csv")
    assert again.exit_code == 2
    assert "is not overwritten" in again.stderr
    shown = call("zones", tmp_path / "a.csv")
    assert shown.exit_code == 0
    assert "20 found in '城市'" in shown.output
    shown = call("index", tmp_path / "a.csv", "--positive", "nqp", "--positive", "年份")
    assert shown.exit_code == 2
    assert "年份" in shown.stderr
    shown = call("index", tmp_path / "a_zones.csv", "--positive", "nqp", "--name", "指数")
    assert shown.exit_code == 0
    assert {p.name for p in tmp_path.iterdir()} == {
        "a.csv", "a.toml", "a_zones.csv", "a_zones_index.csv", "a_zones_index_weights.csv"
    }  # fmt: skip


def test_new_says_what_keeps_a_study_from_running(tmp_path: Path) -> None:
    frame = city_rows().query("zone_year.notna()").assign(zone_year=2012)
    frame.to_csv(tmp_path / "a.csv", index=False, encoding="utf-8-sig")
    shown = call("new", tmp_path / "a.csv", "--cohort", "zone_year")
    assert shown.exit_code == 1
    assert "Not ready to run" in shown.output
    assert "NOT READY TO RUN" in (tmp_path / "a.toml").read_text(encoding="utf-8")


@pytest.mark.slow
def test_new_says_codes_notes_and_what_is_left_out(tmp_path: Path) -> None:
    frame = city_rows()
    frame["zone_year"] = frame["zone_year"].fillna(0)
    frame.to_csv(tmp_path / "a.csv", index=False, encoding="utf-8-sig")
    shown = call("new", tmp_path / "a.csv")
    assert shown.exit_code == 0
    assert "never      0  (not a period, read as never treated)" in shown.output
    assert "make study STUDY=" in shown.output
    frame.query("zone_year > 0").to_csv(tmp_path / "b.csv", index=False, encoding="utf-8-sig")
    shown = call("new", tmp_path / "b.csv")
    assert shown.exit_code == 1
    assert "affected by the policy are not identified" in " ".join(shown.output.split())
    assert "It can run" not in shown.output
    assert '# unidentified = "drop"  ' in (tmp_path / "b.toml").read_text(encoding="utf-8")
    shown = call("new", "")
    assert shown.exit_code == 2
    assert "make new FILE=cities.xlsx" in shown.stderr


@pytest.mark.slow
def test_schema_is_printed_or_written_once(tmp_path: Path) -> None:
    assert json.loads(call("schema").output)["properties"]["design"]
    path = tmp_path / "study.schema.json"
    assert call("schema", "--out", path).exit_code == 0
    assert json.loads(path.read_text(encoding="utf-8")) == studies.json_schema()
    assert call("schema", "--out", path).exit_code == 2


def test_validate_shows_the_panel_and_what_is_identified(study: Path) -> None:
    shown = call("validate", study)
    assert shown.exit_code == 0
    assert "20 (城市), 10 treated, 10 never" in shown.output
    assert "18 of 18 have an identified effect" in shown.output
    assert "This study" in shown.output


@pytest.mark.slow
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
    assert "Convergence diagnostics: failed" in shown.stdout
    assert re.search(r"identification +passed", shown.stdout)
    assert str(out) in shown.stdout
    assert "--strict: " in shown.stderr
    assert "sampling …" in shown.stderr
    assert (out / "summary.csv").exists()
    again = call("run", study, "--out", out)
    assert again.exit_code == 2
    assert "already exists" in again.stderr


def test_an_interrupt_is_no_crash(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(studies, "run", stopped)
    shown = call("run", study, "--out", study.parent / "out")
    assert shown.exit_code == 130
    assert "Interrupted; no" in shown.stderr
