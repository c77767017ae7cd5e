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
from bayes_nqp.checks import CHECKS, check
from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message
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
    design = nqp.StaggeredDiD(nqp.Complete(varying=None))
    return nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)


def test_a_toy_check_goes_to_tables_and_reports(fit: nqp.Fit, toy: str, tmp_path: Path) -> None:
    names = list(CHECKS)
    assert names[names.index("support") + 1] == toy
    result = check(fit, toy, progress=False, least=2)
    assert (result.verdict, result.figure) == ("holds", "4.0 units a period")
    nqp.report(fit, tmp_path / "out", checks=[result], formats=["html"], progress=False)
    assert QUESTION in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    study = tmp_path / "study.toml"
    study.write_text(
        'title = "toy"\n[data]\nsimulation = "staggered"\n[checks]\nrun = ["wide_enough"]\n',
        encoding="utf-8",
    )
    assert validate(study).checks == (toy,)


def test_what_is_missing_is_the_reason(fit: nqp.Fit, toy: str, tmp_path: Path) -> None:
    fit.save(tmp_path / "fit.nc", rows=False)
    bare = nqp.load(tmp_path / "fit.nc")
    result = check(bare, toy, progress=False)
    assert result.verdict == "not applicable"
    assert "saved without its rows" in result.sentence
    dose = check(fit, "future_exposure", progress=False)
    assert dose.sentence == DOSE.reason(fit.design)
    assert dose.said("zh") != dose.sentence


@pytest.mark.parametrize("name", ["placebo_space", "timing", "future_exposure"])
def test_a_real_check_can_be_taken_away(name: str, tmp_path: Path) -> None:
    """Without its file the library imports, lists the others and speaks of no such check."""
    shutil.copytree(PACKAGE, tmp_path / "bayes_nqp", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "bayes_nqp" / "checks" / f"_{name}.py").unlink()
    code = (
        "import bayes_nqp as nqp\nfrom bayes_nqp.checks import CHECKS\n"
        "from bayes_nqp.studies import json_schema\n"
        f"assert {name!r} not in CHECKS and len(CHECKS) > 20\n"
        "print(nqp.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) in done.stdout


@pytest.mark.parametrize("name", [None, "support"])
def test_a_language_that_is_not_there_is_refused(fit: nqp.Fit, name: str | None) -> None:
    with pytest.raises(StudyError, match="'language' is 'fr'"):
        check(fit, name, language="fr", progress=False)
