"""Stopping a fit keeps the draws so far."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2]
LONG = 1_000_000
SCRIPT = f"""
import os
import signal
import time
from threading import Timer
import numpy as np
# Whatever runs in the background of a shell ignores the signal, and so do its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
import nutpie
from random_panels import random_panel
from bayes_nqp import NUTS, PartialPooling, StaggeredDiD, att, fit
design = StaggeredDiD(PartialPooling(["region"]), unidentified="drop")
panel = random_panel(5, missing=0.1, strata=("region",))
begin = nutpie.sample
def sample(*model, **options):
    # Interrupt the wait once every chain has draws, however slow the machine is.
    running = begin(*model, **options)
    wait = running.wait
    def waited():
        while (~np.isnan(running.inspect()["sample_stats"]["energy"])).sum("draw").min() < 10:
            time.sleep(0.05)
        # Whether it comes before the wait or within it, it ends that.
        Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        return wait()
    running.wait = waited
    return running
nutpie.sample = sample
sampler = NUTS(draws={LONG}, tune=50, chains=2, seed=1)
found = fit(design, panel, sampler, progress=False)
print(found.record["interrupted"], found.posterior.sizes["draw"], flush=True)
print(bool(found.posterior["outcome__sigma"].isnull().any()), flush=True)
print("interrupted" in repr(found), att(found).sizes["draw"], flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for child processes")
def test_interrupt_keeps_the_draws():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    interrupted, draws, missing, said, kept = done.stdout.split()
    assert float(interrupted) == 1.0
    assert 10 <= int(draws) < LONG
    assert missing == "False"
    assert said == "True"
    assert int(kept) == int(draws)
