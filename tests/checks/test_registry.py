"""A check is one file: a toy one is found where it stands, a real one can be taken away."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from doors import ADOPTION, DOSE, HOLDS, ROWS, Finding, asks

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHECKS, check
from bayes_nqp.studies import validate

PACKAGE = Path(nqp.__file__).parent
QUESTION = "Are there more units than periods?"


@pytest.fixture
def toy() -> Iterator[str]:
    @asks(QUESTION, place=25, needs=(ADOPTION, ROWS))
    def wide_enough(fit: nqp.Fit, *, least: int = 1) -> Finding:
        assert fit.panel is not None
        ratio = fit.panel.n_units / fit.panel.periods
        assert ratio > least
        return Finding(HOLDS, Message("{:.1f} units a period", ratio), Message("There are."))

    yield "wide_enough"
    del CHECKS["wide_enough"]


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    panel = nqp.simulation.staggered(units=24, periods=6, cohorts=(3,), seed=1).panel
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None))
    return nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)


def test_several_checks_are_a_table_of_these(fit: nqp.Fit) -> None:
    table = fit.check(["identification", "model_fit"], progress=False)
    assert list(table["check"]) == ["identification", "model_fit"]
    assert table["verdict"][0] == check(fit, "identification", progress=False).verdict
    with pytest.raises(StudyError, match="'nothing'"):
        check(fit, ["identification", "nothing"], progress=False)
    with pytest.raises(StudyError, match="requires the name of one check"):
        check(fit, ["identification"], progress=False, draws=100)  # type: ignore[call-overload]


def test_a_toy_check_goes_to_tables_and_reports(fit: nqp.Fit, toy: str, tmp_path: Path) -> None:
    order = [name for name in CHECKS if name in ("identification", toy, "pretrends")]
    assert order == ["identification", toy, "pretrends"]
    result = check(fit, toy, progress=False, least=2)
    assert (result.verdict, result.figure) == ("passed", "4.0 units a period")
    nqp.report(fit, tmp_path / "out", checks=[result], formats=["html"], progress=False)
    assert QUESTION in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    study = tmp_path / "study.toml"
    study.write_text(
        'title = "toy"\n[data]\nsimulation = "staggered"\n[checks]\nrun = ["wide_enough"]\n',
        encoding="utf-8",
    )
    assert validate(study).checks == (toy,)


@pytest.mark.slow
def test_what_is_missing_is_the_reason(fit: nqp.Fit, toy: str, tmp_path: Path) -> None:
    fit.save(tmp_path / "fit.nc", rows=False)
    bare = nqp.load(tmp_path / "fit.nc")
    result = check(bare, toy, progress=False)
    assert result.verdict == "not applicable"
    assert "saved without its observations" in result.sentence
    dose = check(fit, "future_exposure", progress=False)
    assert dose.sentence == DOSE.reason(fit.facts)
    assert dose.said("zh") != dose.sentence


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "'answers_nothing' returned None, which is not a Finding"),
        (Finding("good", Message(""), Message("It is.")), "verdict.*'good'"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_answer_is_refused_in_words(fit: nqp.Fit, answer: object, words: str) -> None:
    @asks(QUESTION)
    def answers_nothing(fit: nqp.Fit) -> Finding:
        return answer  # type: ignore[return-value]

    try:
        with pytest.raises(StudyError, match=words):
            check(fit, "answers_nothing", progress=False)
    finally:
        del CHECKS["answers_nothing"]


ALONE = """
import importlib, sys
from pathlib import Path

for name in sys.argv[2:]:
    (path,) = (
        path
        for room in ("checks", "audit", "space/checks")
        for path in Path("bayes_nqp", room).rglob(f"_{name}.py")
    )
    path.rename(path.with_suffix(".away"))
    for module in [module for module in sys.modules if module.split(".")[0] == "bayes_nqp"]:
        del sys.modules[module]
    importlib.invalidate_caches()
    checks = importlib.import_module("bayes_nqp.checks").CHECKS
    studies = importlib.import_module("bayes_nqp.studies")
    assert Path(studies.__file__).is_relative_to(Path.cwd())
    assert name not in checks and len(checks) == len(sys.argv) - 3
    assert studies.validate(sys.argv[1]).checks and studies.json_schema()
    path.with_suffix(".away").rename(path)
"""
REPORT = """
import bayes_nqp as nqp
panel = nqp.simulation.staggered(units=24, periods=6, cohorts=(3,), seed=1).panel
fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
nqp.report(fit, "out", formats=["html"], progress=False)
"""
GONE = ("pretrends", "identification", "trend_sensitivity", "error_model", "influence", "leave_out",
"timing",
        "time_effects", "prior_predictive", "prior_sensitivity", "specifications")  # fmt: skip


def run_without(folder: Path, code: str, *arguments: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True,
        env={"PYTHONPATH": str(folder), "OPENBLAS_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr


@pytest.mark.slow
def test_every_check_can_be_taken_away(tmp_path: Path) -> None:
    """Without its file the library imports, lists the others, and validates a study."""
    shutil.copytree(PACKAGE, tmp_path / "bayes_nqp", ignore=shutil.ignore_patterns("__pycache__"))
    study = tmp_path / "study.toml"
    study.write_text('title = "bare"\n[data]\nsimulation = "staggered"\n', encoding="utf-8")
    run_without(tmp_path, ALONE, str(study), *CHECKS)


@pytest.mark.slow
def test_a_report_does_without_checks(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "bayes_nqp", ignore=shutil.ignore_patterns("__pycache__"))
    for name in GONE:
        (path,) = (tmp_path / "bayes_nqp" / "checks").rglob(f"_{name}.py")
        path.unlink()
    run_without(tmp_path, REPORT)
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert CHECKS["convergence"].question in html
    assert not any(str(CHECKS[name].question) in html for name in GONE)


@pytest.mark.slow
@pytest.mark.parametrize("name", [None, "identification"])
def test_a_language_that_is_not_there_is_refused(fit: nqp.Fit, name: str | None) -> None:
    with pytest.raises(StudyError, match="'language' is 'xx'"):
        check(fit, name, language="xx", progress=False)
