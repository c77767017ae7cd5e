"""The code of the first remedy of each check, as the pages print it, names what exists and runs."""

from __future__ import annotations

import re

import pytest

import bayes_nqp as nqp
from bayes_nqp.checks.shared import CHECKS, Check

OURS = [x for x in CHECKS.values() if x.find.__module__.startswith("bayes_nqp.")]
CODES = [x for x in OURS if x.guide is not None and x.guide.code]
FITTED = [x for x in CODES if re.search(r"nqp\.(fit|model_average)\(", x.guide.code)]  # type: ignore[union-attr]


def in_space(check: Check) -> bool:
    """Return True for checks whose code needs places or spatial weights."""
    return ".space." in check.find.__module__


@pytest.fixture(scope="module")
def names() -> dict[str, object]:
    panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    design = nqp.StaggeredDiD(nqp.CompletePooling())
    fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    return {"nqp": nqp, "panel": panel, "design": design, "fit": fit}


@pytest.mark.slow
@pytest.mark.parametrize("check", CODES, ids=lambda x: x.name)
def test_names_of_the_code_exist(check: Check) -> None:
    assert check.guide is not None
    compile(check.guide.code, check.name, "exec")
    for path in re.findall(r"nqp((?:\.\w+)+)", check.guide.code):
        found: object = nqp
        for part in path.strip(".").split("."):
            found = getattr(found, part)
    for name in re.findall(r'nqp\.check\(\w+, "(\w+)"', check.guide.code):
        assert name in CHECKS


@pytest.mark.slow
@pytest.mark.parametrize(
    "check", [x for x in FITTED if x.of == "total" and not in_space(x)], ids=lambda x: x.name
)
def test_code_that_fits_again_runs(check: Check, names: dict[str, object]) -> None:
    assert check.guide is not None
    lines = [x for x in check.guide.code.splitlines() if not x.startswith("nqp.check(")]
    exec("\n".join(lines), dict(names))
