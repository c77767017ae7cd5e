"""The studio from an upload to the first answer: processor seconds of 300 units and 13 periods.

    python -m benchmarks.studio

The run is then cancelled after six checks: how long that takes.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import bayes_nqp as nqp


def seconds_of(process: int) -> float:
    """Processor seconds of a process and of those it waited for."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["BAYES_NQP_STORE"] = str(Path(folder) / "store")
        panel = nqp.simulation.staggered(units=300, periods=13, seed=3).panel
        panel.frame.to_excel("upload.xlsx", index=False)
        import bayes_nqp.studio._app  # noqa: F401 - what a studio has loaded before any upload
        from bayes_nqp.studio._registry import PAGES
        from bayes_nqp.studio._workspace import Desk

        desk, _ = Desk(), list(PAGES)
        Path("desk").mkdir()
        os.chdir("desk")
        began = time.process_time()
        desk.open(Path(folder) / "upload.xlsx")
        upload = time.process_time() - began
        run = desk.start()
        while not run.answered and run.state == "running":
            time.sleep(0.01)
        answer = seconds_of(run._process.pid)
        print(f"upload {upload:.2f} + first answer {answer:.2f} = {upload + answer:.2f} CPU s")
        while len(run.checks) < 6 and run.state == "running":
            time.sleep(0.01)
        began = time.monotonic()
        desk.cancel()
        run.wait()
        print(f"cancelled after {len(run.checks)} checks in {time.monotonic() - began:.2f} s")
        os.chdir("/")


if __name__ == "__main__":
    main()
