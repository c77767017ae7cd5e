"""What happens in a fresh process; prints its findings as JSON on the last line."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any

from benchmarks._speed import panels

from bayes_nqp.inference.model_frame import model_frame_of


def first_fit(options: argparse.Namespace) -> dict[str, Any]:
    """Import, validate, fit; then fit again, with other data."""
    import bayes_nqp as nqp

    rows = panels.frame(options.units, options.seed, levels=options.levels)
    design, sampler = nqp.StaggeredDiD(), _sampler(options)
    found: dict[str, Any] = {}
    panel = panels.panel(rows)
    ready = time.time()
    fit = nqp.fit(design, panel, sampler, progress=False)
    done = time.time()
    found |= {"before": ready - options.began, "fit": done - ready, "whole": done - options.began}
    found["cpu"] = time.process_time()
    found["draws"] = hashlib.sha256(
        nqp.group_time_effects(fit)["effect"].values.tobytes()
    ).hexdigest()
    found["gate"] = str(fit.gate)
    from bayes_nqp.inference.fitting import quick_effects, reused_draws

    others = {
        "same": rows,
        "outcome": rows.assign(y=panels.frame(options.units, options.seed + 50)["y"]),
        "cohorts": panels.permuted(rows),
    }
    for name, other in others.items():
        again = panels.panel(other)
        began, cpu = time.perf_counter(), time.process_time()
        if name == "same":
            nqp.fit(design, again, sampler, progress=False)
        else:
            quick_effects(design, again, seed=1, stock=reused_draws(fit))
        found[name] = time.perf_counter() - began
        found[f"{name}_cpu"] = time.process_time() - cpu
    return found


def memory(options: argparse.Namespace) -> dict[str, Any]:
    """Fit a large panel; how far does the resident set grow beyond the input?"""
    import bayes_nqp as nqp

    design, sampler = nqp.StaggeredDiD(), _sampler(options)
    nqp.fit(design, panels.panel(panels.frame(60)), sampler, progress=False)
    rows = panels.frame(options.units, options.seed)
    before = _memory("VmRSS")
    # From here on the peak counts anew.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    marks = [time.perf_counter()]
    panel = panels.panel(rows)
    marks.append(time.perf_counter())
    model_frame_of(design, panel)
    marks.append(time.perf_counter())
    nqp.fit(design, panel, sampler, progress=False)
    marks.append(time.perf_counter())
    return {
        "input": float(rows.memory_usage(index=False).sum()) / 2**20,
        "before": before,
        "peak": _memory("VmHWM"),
        "panel": marks[1] - marks[0],
        "plan": marks[2] - marks[1],
        "fit": marks[3] - marks[2],
    }


def _memory(field: str) -> float:
    """A line of the kernel's account of this process (Linux), in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return float(re.search(rf"{field}:\s+(\d+) kB", status)[1]) / 1024


def _sampler(options: argparse.Namespace) -> Any:
    import bayes_nqp as nqp

    return nqp.Importance(seed=1, draws=options.draws)


def checks(options: argparse.Namespace) -> dict[str, Any]:
    """All checks of castle doctrine."""
    import bayes_nqp as nqp

    panel = nqp.datasets.castle_doctrine()
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), unidentified="drop")
    fit = nqp.fit(design, panel, _sampler(options), progress=False)
    began, cpu = time.perf_counter(), time.process_time()
    table = nqp.check(fit, progress=False)
    return {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "checks": len(table),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["first", "memory", "checks"])
    parser.add_argument("--units", type=int, default=300)
    parser.add_argument("--levels", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--began", type=float, required=True)
    options = parser.parse_args()
    print(
        json.dumps({"first": first_fit, "memory": memory, "checks": checks}[options.what](options))
    )


if __name__ == "__main__":
    main()
