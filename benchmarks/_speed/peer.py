"""CausalPy's staggered difference-in-differences, in its own environment."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks._speed import panels
from benchmarks._speed.measure import ROOT, Line, Settings, fresh, seconds, times, user_environment

PYTHON = ROOT / ".venv-causalpy" / "bin" / "python"
SCRIPT = Path(__file__).with_name("peer_run.py")
DRAWS = 2_000


def lines(settings: Settings) -> Iterator[Line]:
    if settings.with_causalpy and not PYTHON.exists():
        settings.say("building CausalPy's environment")
        subprocess.run(["bash", str(ROOT / "benchmarks" / "causalpy_env.sh")], check=True)
    what = f"CausalPy's staggered DiD, 300 × 13, {DRAWS:,} draws × 4 chains"
    if not PYTHON.exists():
        yield Line(what, "skipped", "≥ 100×", None, "no environment: run with --with-causalpy")
        return
    settings.say("ours, for CausalPy")
    fresh(["first", "--draws", str(DRAWS)])
    ours = min(fresh(["first", "--draws", str(DRAWS)])["whole"] for _ in range(2))
    settings.say(f"CausalPy, at most {settings.causalpy_limit:g} s")
    took = _causalpy(settings)
    limit = settings.causalpy_limit
    ratio = (limit if took is None else took) / ours
    theirs = f"did not finish in {limit:g} s" if took is None else seconds(took)
    yield Line(
        what,
        ("≥ " if took is None else "") + times(ratio),
        "≥ 100×",
        True if ratio >= 100 else (None if took is None else False),
        f"{seconds(ours)} in a fresh process, import included, against {theirs}",
    )


def _causalpy(settings: Settings) -> float | None:
    """Wall clock of the whole process; None where it was stopped at the limit."""
    draws = 20 if settings.quick else DRAWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.csv"
        panels.frame(300).to_csv(path, index=False)
        command = [str(PYTHON), "-P", str(SCRIPT), str(path), str(draws)]
        # One warm-up with few draws on a small panel fills the caches of compiled code.
        small = Path(folder) / "small.csv"
        panels.frame(20).to_csv(small, index=False)
        env = user_environment()
        env.pop("PYTHONPATH", None)
        subprocess.run(
            [*command[:3], str(small), "10"], env=env, check=True, capture_output=True, cwd=folder
        )
        try:
            run = subprocess.run(
                command, env=env, check=True, capture_output=True, text=True, cwd=folder,
                timeout=settings.causalpy_limit,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None
    return float(json.loads(run.stdout.splitlines()[-1])["seconds"])
