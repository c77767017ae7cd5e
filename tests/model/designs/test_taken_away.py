"""What models are made of is a file each: without it the library fits, checks and reports."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bayes_nqp as nqp

PACKAGE = Path(nqp.__file__).parent
WITHOUT = """
import bayes_nqp as nqp
from bayes_nqp._core.plugins import registered
from bayes_nqp.studies import json_schema

for family in {families}:
    assert not {{*{names}}} & {{*registered(family)}}
words = str(json_schema())
assert not [name for name in {names} if f"'{{name}}'" in words]
panel = nqp.simulation.staggered(units=30, periods=7, cohorts=(4, 5), strata={{}}, seed=1).panel
sampler = nqp.Importance(draws=100, chains=2, seed=1)
fit = nqp.fit(nqp.StaggeredDiD({effect}), panel, sampler, progress=False)
results = [nqp.check(fit, name, progress=False) for name in {checks}]
nqp.report(fit, "out", checks=results, formats=["html"], progress=False)
print(nqp.__file__)
try:
    nqp.StaggeredDiD(shocks="province")
except nqp.errors.StudyError as error:
    print(error)
"""
PRIORS = {
    "HalfT": "model/priors/_half_t.py", "StudentDeviations": "model/priors/_student_deviations.py",
    "Horseshoe": "model/priors/_horseshoe.py",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("families", "files", "effect", "checks"),
    [
        (["errors"], {"IID": "model/errors/_iid.py"}, "nqp.CompletePooling()", ["error_model"]),
        (["errors"], {"AR1PlusNoise": "model/errors/_ar1_plus_noise.py"}, "nqp.CompletePooling()",
        ["model_fit"]),
        (["shocks"], {"ClusterTimeEffects": "model/terms/_cluster_time_effects.py"}, "",
        ["error_model"]),
        (["pooling"], {"CompletePooling": "model/pooling/_complete_pooling.py"}, "", ["pretrends",
        "specifications"]),
        (["pooling"], {"NoPooling": "model/pooling/_no_pooling.py"}, "", ["specifications",
        "identification"]),
        (["scale", "deviations"], PRIORS, "", ["prior_sensitivity"]),
        (["likelihood"], {"StudentT": "model/likelihoods/_student_t.py"}, "nqp.CompletePooling()",
         ["model_fit", "prior_sensitivity"]),
    ],
    ids=["IID", "AR1PlusNoise", "ClusterTimeEffects", "CompletePooling", "NoPooling", "priors",
    "StudentT"],
)  # fmt: skip
def test_all_but_the_defaults_can_be_taken_away(
    families: list[str], files: dict[str, str], effect: str, checks: list[str], tmp_path: Path
) -> None:
    shutil.copytree(PACKAGE, tmp_path / "bayes_nqp", ignore=shutil.ignore_patterns("__pycache__"))
    for file in files.values():
        (tmp_path / "bayes_nqp" / file).unlink()
    code = WITHOUT.format(families=families, names=[*files], effect=effect, checks=checks)
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert "'shocks' is 'province'" in finished.stdout
    assert ("ClusterTimeEffects(by=" in finished.stdout) == ("ClusterTimeEffects" not in files)
    assert str(tmp_path) in finished.stdout
    assert (tmp_path / "out" / "report.html").exists()
