"""The library works without each of its extensions, and names what is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bayes_nqp as nqp
from bayes_nqp._core.plugins import EXTENSIONS

PACKAGE = Path(nqp.__file__).parent
PROGRAM = """
import sys
import bayes_nqp as nqp
from bayes_nqp.studies import json_schema

assert nqp.__file__.startswith(sys.argv[1])
panel = nqp.simulation.staggered(units=24, periods=7, cohorts=(4, 5), seed=1).panel
sampler = nqp.Importance(draws=100, chains=2, seed=1)
fit = nqp.fit(nqp.StaggeredDiD(), panel, sampler, progress=False)
names = ["convergence", "identification", "pretrends", "error_model"]
results = [nqp.check(fit, name, progress=False) for name in names]
assert all(result.verdict != "" for result in results)
nqp.report(fit, "out", checks=results, formats=["html"], progress=False)
assert nqp.table(fit).rows and nqp.plots.event_study(fit).axes
print("SpatialLag" in str(json_schema()), "selection" in nqp.checks.CHECKS)
try:
    nqp.Rings
except nqp.errors.UnknownNameError as error:
    print(error)
"""


def without(extension: str, folder: Path, *command: str) -> str:
    """Run Python on a copy of the package that lacks an extension; return what it prints."""
    ignored = shutil.ignore_patterns("__pycache__")
    copy = shutil.copytree(PACKAGE, folder / "src" / "bayes_nqp", ignore=ignored)
    shutil.rmtree(copy / extension)
    (folder / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *command],
        cwd=folder / "out", env={"PYTHONPATH": str(folder / "src"), "HOME": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 or command[0] == "-m", done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_fits_checks_and_reports_work_without(extension: str, tmp_path: Path) -> None:
    printed = without(extension, tmp_path, "-c", PROGRAM, str(tmp_path))
    spatial, audited = printed.split()[:2]
    assert spatial == str(extension != "space")
    assert audited == str(extension != "audit")
    missing = "nqp.Rings belongs to the extension 'space', which is not installed"
    assert (missing in printed) == (extension == "space")


@pytest.mark.slow
def test_the_command_line_names_the_missing_studio(tmp_path: Path) -> None:
    printed = without("studio", tmp_path, "-m", "bayes_nqp", "studio")
    assert "bayes-nqp studio belongs to the extension 'studio', which is not installed" in printed
    assert "Traceback" not in printed


@pytest.mark.slow
def test_the_core_imports_no_extension() -> None:
    lines = [
        f"{path.relative_to(PACKAGE)}: {line}"
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in EXTENSIONS
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith(tuple(f"from bayes_nqp.{x}" for x in EXTENSIONS))
    ]
    assert lines == ["cli/_app.py:             from bayes_nqp.studio import serve"]
