"""One seed, one set of draws: here, again, and in processes with other threads."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from random_panels import random_panel

from bayes_nqp import Importance, PartialPooling, StaggeredDiD, fit
from bayes_nqp._core.testing import assert_equal

DESIGN = StaggeredDiD(PartialPooling(["region"]), unidentified="drop")
SAMPLER = Importance(seed=8, draws=80, chains=2)
HERE = Path(__file__).resolve().parents[2]


def digests() -> list[str]:
    """Return the digests of a small fit and of the file that holds it."""
    panel = random_panel(5, missing=0.1, strata=("region",))
    fitted = fit(DESIGN, panel, SAMPLER, progress=False)
    with tempfile.TemporaryDirectory() as folder:
        content = fitted.save(Path(folder) / "fit.nc").read_bytes()
    return [fitted.digest, hashlib.sha256(content).hexdigest()]


@pytest.mark.slow
def test_same_seed():
    panel = random_panel(5, missing=0.1, strata=("region",))
    first, second = (fit(DESIGN, panel, SAMPLER, progress=False) for _ in range(2))
    for name in ("posterior", "effects", "sample_stats"):
        assert_equal(first.groups[name], second.groups[name])
    assert first.digest == second.digest
    other = fit(DESIGN, panel, Importance(seed=9, draws=60, chains=2), progress=False)
    assert other.digest != first.digest


@pytest.mark.slow
def test_a_seed_that_nobody_gave_is_kept():
    panel = random_panel(5, missing=0.1, strata=("region",))
    first = fit(DESIGN, panel, Importance(draws=50, chains=2), progress=False)
    assert first.sampler.seed is not None
    again = fit(DESIGN, panel, first.sampler, progress=False)
    assert again.digest == first.digest


@pytest.mark.slow
def test_another_process_with_other_threads_draws_and_saves_the_same():
    here = digests()
    path = os.pathsep.join([str(HERE), str(HERE / "inference" / "fitting"), *sys.path])
    command = [sys.executable, "-c", "from test_reproducible import digests; print(*digests())"]
    for threads in ("1", "3"):
        environment = os.environ | {
            "PYTHONPATH": path, "BAYES_NQP_THREADS": threads, "PYTHONHASHSEED": threads
        }  # fmt: skip
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == here
