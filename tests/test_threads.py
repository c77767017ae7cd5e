"""Eight threads that begin at once, in a process that has used nothing yet, get the same."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_calls import CALLS, public, write_world

LARGE = {
    "datasets.medicaid", "datasets.minimum_wage", "decay", "model_average", "plots.calibration",
    "plots.decay", "plots.effect_map", "plots.lisa_map", "plots.model_average",
    "plots.weights_probabilities",
    "plots.zone_map", "simulation.cities", "simulation.firms", "spatial_weights.contiguity",
    "studies.add_index", "studies.add_zones", "studies.look", "studies.style",
    "weights_probabilities",
}  # fmt: skip
"""Those with neither a cheap call nor anything of their own that threads could share."""


def test_every_public_function_is_called() -> None:
    functions = {name for name, item in public() if inspect.isfunction(item)}
    assert set(CALLS) | LARGE == functions


@pytest.mark.slow
def test_first_uses_in_threads(tmp_path: Path) -> None:
    write_world(tmp_path)
    tests = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, tests / "small_calls.py", tmp_path],
        capture_output=True, text=True, check=True, env={**os.environ, "MPLBACKEND": "agg"},
    )  # fmt: skip
    wrong = json.loads(done.stdout.splitlines()[-1])
    assert not wrong, "\n".join(wrong)
