"""Average effects by other packages, run in an environment of theirs: panels.csv out.json.

Nothing of bayes_nqp is imported here. Each estimator gives an average effect on the treated,
weighted by treated rows where the package offers it, with its own 95 % interval.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diff_diff as dd
import numpy as np
import pandas as pd

type Answer = tuple[float, float, float]
"""Estimate, and the ends of its 95 % interval."""

ROLES = {"outcome": "outcome", "unit": "code", "time": "time"}


def _overall(result: Any) -> Answer:
    names = ("overall_att", "att"), ("overall_conf_int", "conf_int")
    mean, ends = (next(getattr(result, n) for n in ns if hasattr(result, n)) for ns in names)
    return float(mean), float(ends[0]), float(ends[1])


def _staggered(estimator: Any) -> Callable[[pd.DataFrame], Answer]:
    return lambda frame: _overall(estimator.fit(frame, first_treat="first", **ROLES))


def synthetic(frame: pd.DataFrame) -> Answer:
    """Synthetic DiD cohort by cohort against the never treated, weighted by treated rows.

    Variances of cohorts are summed as if independent, though they share controls.
    """
    never, parts = frame[frame["first"] == 0], []
    for first, cohort in frame[frame["first"] > 0].groupby("first"):
        block = pd.concat([never, cohort.assign(ever=1)]).fillna({"ever": 0})
        post = sorted(t for t in frame["time"].unique() if t >= first)
        result = dd.SyntheticDiD(n_bootstrap=100, seed=1).fit(
            block.astype({"ever": int}), treatment="ever", post_periods=post, **ROLES
        )
        parts.append((len(cohort) // frame["time"].nunique() * len(post), result.att, result.se))
    rows, att, se = map(np.array, zip(*parts, strict=True))
    weights = rows / rows.sum()
    mean, sd = float(weights @ att), float(np.sqrt(weights**2 @ se**2))
    return mean, mean - 1.96 * sd, mean + 1.96 * sd


ESTIMATORS: dict[str, Callable[[pd.DataFrame], Answer]] = {
    "Callaway–Sant'Anna": _staggered(dd.CallawaySantAnna(control_group="not_yet_treated")),
    "Sun–Abraham": _staggered(dd.SunAbraham()),
    "imputation (BJS)": _staggered(dd.ImputationDiD()),
    "two-stage (Gardner)": _staggered(dd.TwoStageDiD()),
    "ETWFE (Wooldridge)": _staggered(dd.WooldridgeDiD()),
    "efficient DiD": _staggered(dd.EfficientDiD()),
    "synthetic DiD": synthetic,
}


def main(source: str, target: str) -> None:
    """Estimate every panel of a table by every estimator."""
    warnings.filterwarnings("ignore")
    lines = []
    for (world, number), frame in pd.read_csv(source).groupby(["world", "number"]):
        frame = frame.assign(
            first=frame["cohort"].fillna(0).astype(int),
            code=frame["unit"].astype("category").cat.codes,
        )
        for name, estimate in ESTIMATORS.items():
            began = time.process_time()
            line = {"world": world, "number": int(number), "estimator": name}
            try:
                mean, low, high = estimate(frame)
                line |= {"mean": mean, "low": low, "high": high}
            except Exception as error:
                line["error"] = f"{type(error).__name__}: {error}"[:200]
            lines.append({**line, "seconds": time.process_time() - began})
    Path(target).write_text(json.dumps(lines), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
