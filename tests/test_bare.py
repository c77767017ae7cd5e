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


FIT = """
import sys
import bayes_nqp as nqp
panel = nqp.simulation.staggered(units=24, periods=8, cohorts=(4, 6), seed=1).panel
fit = nqp.fit(nqp.StaggeredDiD(), panel, progress=False)
nqp.check(fit, progress=False)
print(*sorted({"numba", "pytensor", "pymc", "nutpie"} & set(sys.modules)))
"""


def test_a_default_fit_and_its_checks_compile_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", FIT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
