"""A package of one's own brings a check and a term by its entry points, and no file of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import bayes_nqp as nqp
from bayes_nqp._core.partial_failures import collected
from bayes_nqp._core.plugins import Plugins, registered
from bayes_nqp.checks import CHECKS, run_checks
from bayes_nqp.checks.shared import asks

SOURCE = Path(nqp.__file__).parents[1]
TOYS = Path(__file__).parents[1] / "tools" / "toys"
CHECK = (TOYS / "package" / "policy_toys" / "check.py").read_text(encoding="utf-8")
TERM = (TOYS / "term.py").read_text(encoding="utf-8")
PROJECT = tomllib.loads((TOYS / "package" / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: 1.5\n"
POINTS = f"""
[bayes_nqp.checks]
wide = {PROJECT["entry-points"]["bayes_nqp.checks"]["wide"]}
[bayes_nqp.terms]
seasons = policy_toys.term:Seasons
"""
TAKEN = """
from dataclasses import dataclass
from bayes_nqp._core.plugins import register
@register("terms")
@dataclass(frozen=True)
class StaggeredDiD: ...
"""
BROKEN = """
[bayes_nqp.checks]
lost = policy_ruin
[bayes_nqp.plots]
lost = policy_ruin
[bayes_nqp.terms]
absent = policy_toys.term:Absent
left = policy_exit
taken = policy_taken
"""
STUDY = """
title = "Toys"
[data]
simulation = "staggered"
options = { units = 40, periods = 8, cohorts = [4, 6], seed = 1 }
[design]
effect = "CompletePooling"
terms = [{ type = "Seasons", length = 5.0 }]
[sampler]
draws = 100
chains = 2
proposals = 500
seed = 1
[checks]
run = ["wide_enough"]
wide_enough = { least = 2 }
[figures]
draw = []
[report]
formats = ["html"]
"""


def installed(folder: Path, name: str, points: str, files: dict[str, str]) -> None:
    """Lay a package and its metadata where an installer puts them."""
    info = folder / f"{name.replace('-', '_')}-1.5.dist-info"
    texts = {info / "METADATA": METADATA.format(name), info / "entry_points.txt": points}
    texts |= {folder / file: text for file, text in files.items()}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A path with a package of one's own, and a study that needs it."""
    files = {"check": CHECK, "term": TERM, "__init__": '"""Toys."""\n'}
    named = {f"policy_toys/{name}.py": text for name, text in files.items()}
    installed(tmp_path / "path", "policy-toys", POINTS, named)
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def answer(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    # A run in this process has quieted the warnings of processes that come after it.
    outside = {name: text for name, text in os.environ.items() if name != "PYTHONWARNINGS"}
    done = subprocess.run(
        [sys.executable, *command], cwd=place, capture_output=True, text=True, check=False,
        env={**outside, "PYTHONPATH": os.pathsep.join(map(str, (place / "path", SOURCE))),
             "BAYES_NQP_STORE": "none", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_a_run_asks_its_check_and_states_its_term(place: Path) -> None:
    done = answer(place, "-m", "bayes_nqp", "run", "study.toml", "--out", "out")
    assert "left out" not in done.stderr
    page = (place / "out" / "report" / "report.html").read_text(encoding="utf-8")
    assert "Are there more units than periods?" in page
    assert "5.0 units a period" in page
    assert "Units of a region share a season of 5 periods." in page


def test_a_package_that_breaks_costs_itself_alone_and_is_named(place: Path) -> None:
    ruin = {
        "policy_ruin.py": "raise ZeroDivisionError('no ground')\n",
        "policy_exit.py": "import sys\nsys.exit()\n",
        "policy_taken.py": TAKEN,
    }
    installed(place / "path", "policy-ruin", BROKEN, ruin)
    done = answer(place, "-m", "bayes_nqp", "run", "study.toml", "--out", "out")
    assert done.stderr.count("policy_ruin of the package policy-ruin 1.5") == 1
    assert "(ZeroDivisionError: no ground)" in done.stderr
    assert "policy_toys.term:Absent of the package policy-ruin 1.5" in done.stderr
    assert "policy_exit of the package policy-ruin 1.5" in done.stderr
    assert "it called sys.exit(None)" in done.stderr
    assert "the name of 'StaggeredDiD' in policy_taken is already used by bayes_nqp" in done.stderr
    page = (place / "out" / "report" / "report.html").read_text(encoding="utf-8")
    assert "policy_ruin of the package policy-ruin 1.5 could not be created" in page
    assert "Are there more units than periods?" in page
    record = json.loads((place / "out" / "provenance.json").read_text(encoding="utf-8"))
    assert any("policy_ruin" in each for each in record["omissions"])


LAZY = """
import sys
import bayes_nqp as nqp
from bayes_nqp.checks import CHECKS
from bayes_nqp.studies import json_schema
assert "policy_toys" not in sys.modules
assert "wide_enough" in CHECKS and "policy_toys.term" not in sys.modules
schema = json_schema()
assert "Seasons" in schema["definitions"]
assert schema["definitions"]["Checks"]["properties"]["wide_enough"]["properties"]["least"]
"""


@pytest.mark.slow
def test_packages_are_loaded_when_something_is_looked_up(place: Path) -> None:
    """The schema of studies has their values and options; importing the library loads none."""
    answer(place, "-W", "error", "-c", LAZY)


def test_an_entry_point_that_looks_something_up_finds_what_was_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is loaded once, by whoever comes first, and not again from within."""
    seen: list[list[str]] = []

    class Point(EntryPoint):
        def load(self) -> None:
            seen.append([*plugins, *registered("toys of packages")])
            plugins.add("theirs", 2)

    class Points(tuple[EntryPoint, ...]):
        def select(self, group: str) -> list[EntryPoint]:
            return [point for point in self if point.group == group]

    groups = ("bayes_nqp.arguments_toy", "bayes_nqp.toys of packages")
    points = Points(Point(name="x", value="x", group=group) for group in groups)
    monkeypatch.setattr("bayes_nqp._core.plugins._points", lambda: points)
    monkeypatch.setattr("bayes_nqp._core.plugins.discovered", lambda *_: plugins.add("ours", 1))
    plugins: Plugins[int] = Plugins("bayes_nqp.arguments_toy")
    assert list(plugins) == ["ours", "theirs"]
    assert list(plugins) == ["ours", "theirs"]
    assert seen == [["ours", "theirs"], ["ours"]] or seen == [["ours"], ["ours"]]


def test_a_check_that_ends_the_program_is_an_omission() -> None:
    def leaves(fit: nqp.Fit) -> None:
        sys.exit(0)

    panel = nqp.simulation.staggered(units=12, periods=6, cohorts=(3, 4), seed=1).panel
    sampler = nqp.Importance(draws=40, chains=2, proposals=400, seed=1)
    fit = nqp.fit(nqp.StaggeredDiD(nqp.CompletePooling()), panel, sampler, progress=False)
    asks("Does it go on?")(leaves)
    try:
        with collected() as omissions:
            run_checks(fit, ["leaves"])
        assert "it called sys.exit(0)" in str(omissions[0].error)
    finally:
        del CHECKS["leaves"]
