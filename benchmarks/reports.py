"""What reports cost beside the fit and its checks: processor seconds of castle, in two languages.

    python -m benchmarks.reports

Each language has all four formats and figures of its own; the first pays what is imported and
the average over designs, which the fit keeps.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import bayes_nqp as nqp
from bayes_nqp.checks import run_checks


def main() -> None:
    """Measure, in a folder that goes afterwards."""
    columns = {"unit": "state", "time": "year", "cohort": "cohort", "outcome": "l_homicide"}
    frame = nqp.datasets.castle_doctrine(as_frame=True)
    panel = nqp.Panel.from_frame(frame, **columns, strata=["region"])
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), nqp.AR1())
    fit = nqp.fit(design, panel, nqp.Importance(seed=20130601), progress=False)
    began = time.process_time()
    checks = run_checks(fit)
    print(f"checks {time.process_time() - began:.1f} CPU s")
    with tempfile.TemporaryDirectory() as folder:
        for language in ("en", "zh"):
            began = time.process_time()
            out = Path(folder) / language
            nqp.report(fit, out, language=language, checks=checks, progress=False)
            figures = len(list((out / "figures").glob("*.png")))
            print(f"{language}: {time.process_time() - began:.1f} CPU s, {figures} figures")


if __name__ == "__main__":
    main()
