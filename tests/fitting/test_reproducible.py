"""One seed, one set of draws: here, again, and in processes with cold and warm caches."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from random_panels import random_panel

from bayes_nqp import IMH, NUTS, Partial, StaggeredDiD, fit
from bayes_nqp.testing import assert_equal

DESIGN = StaggeredDiD(Partial(["region"]), unidentified="drop")
SAMPLERS = [IMH(seed=8, draws=80, chains=2), NUTS(seed=8, draws=60, tune=80, chains=2)]
HERE = Path(__file__).resolve().parents[1]


def digests() -> list[str]:
    """Return the digests of small fits, one a sampler."""
    panel = random_panel(5, missing=0.1, strata=("region",))
    return [fit(DESIGN, panel, sampler, progress=False).digest for sampler in SAMPLERS]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_same_seed(sampler):
    panel = random_panel(5, missing=0.1, strata=("region",))
    one = fit(DESIGN, panel, sampler, progress=False)
    two = fit(DESIGN, panel, sampler, progress=False)
    for name in ("posterior", "effects", "sample_stats"):
        assert_equal(one.tree[name].to_dataset(), two.tree[name].to_dataset())
    assert one.digest == two.digest
    other = fit(DESIGN, panel, type(sampler)(seed=9, draws=60, chains=2), progress=False)
    assert other.digest != one.digest


def test_a_seed_that_nobody_gave_is_kept():
    panel = random_panel(5, missing=0.1, strata=("region",))
    first = fit(DESIGN, panel, IMH(draws=50, chains=2), progress=False)
    assert first.sampler.seed is not None
    again = fit(DESIGN, panel, first.sampler, progress=False)
    assert again.digest == first.digest


@pytest.mark.xdist_group("processes")
def test_cold_and_warm_caches_draw_the_same(tmp_path):
    """Compiling anew, reading compiled code, and this process: identical draws."""
    here = digests()
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE / "fitting"), *sys.path]),
    }
    command = [sys.executable, "-c", "from test_reproducible import digests; print(*digests())"]
    for _ in ("cold", "warm"):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == here
        assert any((tmp_path / "cache").rglob("*.nbi"))
