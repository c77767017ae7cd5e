"""What estimators of benchmarks/results/peers.md estimate: the average effect over treated rows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import bayes_nqp as nqp
from bayes_nqp.data.simulation import staggered

ROOT = Path(__file__).resolve().parents[2]
RIVALS = ROOT / "benchmarks" / "_peers" / "rivals.py"
PEERS = ROOT / ".venv-peers" / "bin" / "python"
NAMES = (
    "Callaway–Sant'Anna", "Callaway–Sant'Anna, moderndid", "Sun–Abraham", "imputation (BJS)",
    "two-stage (Gardner)", "two-stage (Gardner), pyfixest", "ETWFE (Wooldridge)", "synthetic DiD",
    "efficient DiD", "matrix completion", "interactive fixed effects",
)  # fmt: skip
BALANCED = {"efficient DiD", "synthetic DiD", "interactive fixed effects"}
"""Those that refuse panels with gaps."""
PAIRS = {"Callaway–Sant'Anna", "Callaway–Sant'Anna, moderndid"}
"""Those that take periods two by two, or units without gaps: gaps move their estimand."""


@pytest.mark.slow
@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_a_panel_of_little_noise_gives_the_average_over_treated_rows(
    missing: float, tmp_path: Path
) -> None:
    simulated = staggered(
        strata={}, effect="growing", growth=0.3, deviation_sd=0.0, sigma=0.01, missing=missing,
        seed=5,
    )  # fmt: skip
    truth = float(nqp.att(simulated.truth).mean())
    source, target = tmp_path / "panels.csv", tmp_path / "lines.jsonl"
    simulated.panel.frame.assign(world="w", number=0, truth=truth).to_csv(source, index=False)
    python = PEERS if PEERS.exists() else sys.executable
    subprocess.run([python, RIVALS, source, target, *NAMES], check=True)
    lines = map(json.loads, target.read_text(encoding="utf-8").splitlines())
    answers = {x["estimator"]: x for x in lines if "NotFound" not in x.get("error", "")}
    refused = {name for name, line in answers.items() if "error" in line}
    assert refused == (BALANCED & answers.keys() if missing else set())
    exact = answers.keys() - refused - (PAIRS if missing else set())
    assert {k: answers[k]["mean"] for k in exact} == pytest.approx(
        dict.fromkeys(exact, truth), abs=0.01
    )
