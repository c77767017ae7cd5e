"""Stopping a fit keeps the draws so far."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]
LONG = 200_000
SCRIPT = f"""
import signal
# Whatever runs in the background of a shell ignores the signal, and so do its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
import nutpie
from random_panels import random_panel
from bayes_nqp import NUTS, Partial, StaggeredDiD, att, fit
design = StaggeredDiD(Partial(["region"]), unidentified="drop")
panel = random_panel(5, missing=0.1, strata=("region",))
begin = nutpie.sample
def sample(*model, **options):
    print("compiled", flush=True)
    return begin(*model, **options)
nutpie.sample = sample
sampler = NUTS(draws={LONG}, tune=50, chains=2, seed=1)
found = fit(design, panel, sampler, progress=False)
print(found.record["interrupted"], found.posterior.sizes["draw"], flush=True)
print(bool(found.posterior["outcome__sigma"].isnull().any()), flush=True)
print("interrupted" in repr(found), att(found).sizes["draw"], flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for child processes")
def test_interrupt_keeps_the_draws():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "compiled"
        time.sleep(2.0)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, error
    interrupted, draws, missing, said, kept = out.split()
    assert float(interrupted) == 1.0
    assert 4 <= int(draws) < LONG
    assert missing == "False"
    assert said == "True"
    assert int(kept) == int(draws)
