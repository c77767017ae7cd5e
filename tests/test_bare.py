"""What the library does on a machine that lends it little."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import os, sys
import bayes_nqp as nqp
import pytensor
print(pytensor.config.base_compiledir)
"""


@pytest.mark.slow
@pytest.mark.parametrize("flags", ["", "floatX=float64"])
def test_a_home_that_takes_no_files(tmp_path: Path, flags: str) -> None:
    home = tmp_path / "home"
    home.write_text("not a folder", encoding="utf-8")
    env = os.environ | {"HOME": str(home), "USERPROFILE": str(home), "PYTENSOR_FLAGS": flags}
    env["TMPDIR"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == tmp_path
    assert list(tmp_path.iterdir()) == [home]


@pytest.mark.slow
def test_a_home_that_takes_them_and_a_chosen_folder_are_let_be(tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    homes = {str(tmp_path): "", str(tmp_path / "none"): f"base_compiledir={chosen}"}
    places = []
    for home, flags in homes.items():
        env = os.environ | {"HOME": home, "USERPROFILE": home, "PYTENSOR_FLAGS": flags}
        done = subprocess.run(
            [sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=True
        )
        places.append(Path(done.stdout.strip()))
    assert places == [tmp_path / ".pytensor", chosen]


NOWHERE = """
import os, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
import bayes_nqp as nqp
panel = nqp.simulation.staggered(units=12, periods=5, cohorts=(3,), seed=1).panel
fit = nqp.fit(nqp.StaggeredDiD(nqp.CompletePooling()), panel, nqp.Importance(draws=20),
progress=False)
print(len(nqp.summary(nqp.att(fit))))
for call in (
    lambda: nqp.plots.event_study(fit),
    lambda: nqp.table(fit).to_excel("table.xlsx"),
    lambda: nqp.fit(fit.design, panel, nqp.NUTS(draws=4, tune=50), progress=False),
):
    try:
        call()
    except nqp.errors.StudyError as error:
        print(error.what, error.hint, sep="|")
"""


@pytest.mark.slow
def test_a_machine_without_any_place_for_files(tmp_path: Path) -> None:
    """No file may grow, so that no folder for temporary ones is found; HOME is none either."""
    pytest.importorskip("resource", reason="no limit on the size of files")
    home = tmp_path / "home"
    home.touch()
    env = {name: text for name, text in os.environ.items() if name != "MPLCONFIGDIR"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NOWHERE], env=env | {"HOME": str(home)},
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    size, plot, table, sampled = done.stdout.splitlines()
    assert size == "1"
    assert "matplotlib has no folder for its files" in plot
    assert "'table.xlsx' cannot be written" in table
    assert "has no folder for its files" in sampled
    assert all("TMPDIR" in line for line in (plot, table, sampled))


@pytest.mark.slow
@pytest.mark.parametrize("home", ["/" + "h" * 300, "no/such/folder", ""])
def test_a_home_that_the_system_cannot_look_at(home: str) -> None:
    env = os.environ | {"HOME": home, "USERPROFILE": home}
    code = "import bayes_nqp; bayes_nqp.StaggeredDiD()"
    subprocess.run([sys.executable, "-c", code], env=env, check=True)


FIT = """
import sys
import bayes_nqp as nqp
panel = nqp.simulation.staggered(units=24, periods=8, cohorts=(4, 6), seed=1).panel
fit = nqp.fit(nqp.StaggeredDiD(), panel, progress=False)
nqp.check(fit, progress=False)
print(*sorted({"numba", "pytensor", "pymc", "nutpie"} & set(sys.modules)))
"""


ANSWER = """
import sys
import bayes_nqp as nqp
panel = nqp.datasets.castle_doctrine()
fit = nqp.fit(nqp.StaggeredDiD(), panel, progress=False)
print(fit, fit.summary(), file=sys.stderr)
print(*sorted({"arviz_base", "arviz_stats", "matplotlib", "scipy.stats"} & set(sys.modules)))
"""


@pytest.mark.slow
def test_an_answer_is_printed_without_what_only_more_of_it_needs() -> None:
    """Each of these takes as long to import as the summary takes to make."""
    run = [sys.executable, "-c", ANSWER]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "gate: passed" in done.stderr
    assert done.stdout.strip() == ""


@pytest.mark.slow
def test_a_default_fit_and_its_checks_compile_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", FIT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
