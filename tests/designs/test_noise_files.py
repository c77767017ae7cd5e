"""An error structure is one file: without it the library works, and speaks of no such errors."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bayes_nqp as nqp

PACKAGE = Path(nqp.__file__).parent
CODE = """
import bayes_nqp as nqp
from bayes_nqp.registry import registered
from bayes_nqp.studies import json_schema, validate

assert {name!r} not in registered("errors")
assert "'{name}'" not in str(json_schema())
panel = nqp.simulation.staggered(units=30, periods=7, cohorts=(4, 5), strata={{}}, seed=1).panel
sampler = nqp.Importance(draws=100, chains=2, seed=1)
fit = nqp.fit(nqp.StaggeredDiD(nqp.Complete()), panel, sampler, progress=False)
results = [nqp.check(fit, name, progress=False) for name in ("error_model", "model_fit")]
nqp.report(fit, "out", checks=results, formats=["html"], progress=False)
print(nqp.__file__)
"""


@pytest.mark.parametrize("name", ["IID", "AR1Noise"])
def test_a_structure_can_be_taken_away(name: str, tmp_path: Path) -> None:
    """All but AR(1), which designs have by default."""
    shutil.copytree(PACKAGE, tmp_path / "bayes_nqp", ignore=shutil.ignore_patterns("__pycache__"))
    files = {"IID": "_iid.py", "AR1Noise": "_ar1_noise.py"}
    (tmp_path / "bayes_nqp" / "designs" / "noise" / files[name]).unlink()
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE.format(name=name)], cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert str(tmp_path) in ended.stdout
    assert (tmp_path / "out" / "report.html").exists()
