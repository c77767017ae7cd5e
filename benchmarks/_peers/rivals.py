"""Average effects by other packages, run in an environment of theirs: panels.csv lines.jsonl NAME …

Nothing of bayes_nqp is imported here. Each estimator gives an average effect on the treated,
weighted by treated rows where the package offers it, with its own 95 % interval. A panel of the
table that the lines do not have yet is estimated, and its line added.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import warnings
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

type Answer = tuple[float, ...]
"""Estimate, and the ends of its 95 % interval where the package has one."""

ROLES = {"outcome": "outcome", "unit": "code", "time": "time"}
NORMAL = 1.96
FACTORS, REPETITIONS = 2, 30
LIMIT = 30.0
"""CPU seconds of an estimator on a panel, of which some have no end of their own."""


def _diff_diff(name: str, **options: object) -> Callable[[pd.DataFrame], Answer]:
    def estimate(frame: pd.DataFrame) -> Answer:
        import diff_diff as dd

        result = getattr(dd, name)(**options).fit(frame, first_treat="first", **ROLES)
        names = ("overall_att", "att"), ("overall_conf_int", "conf_int")
        mean, ends = (next(getattr(result, n) for n in ns if hasattr(result, n)) for ns in names)
        return float(mean), float(ends[0]), float(ends[1])

    return estimate


def synthetic(frame: pd.DataFrame) -> Answer:
    """Synthetic DiD cohort by cohort against the never treated, weighted by treated rows.

    Variances of cohorts are summed as if independent, though they share controls.
    """
    import diff_diff as dd

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
    return mean, mean - NORMAL * sd, mean + NORMAL * sd


def _matrices(frame: pd.DataFrame) -> tuple[Any, Any]:
    """Outcomes and event times (unit, period): missing rows are NaN, untreated rows negative."""
    outcome = frame.pivot_table(index="code", columns="time", values="outcome")
    first = frame.groupby("code")["first"].first().replace(0, np.inf).to_numpy()
    event = outcome.columns.to_numpy()[None] - first[:, None]
    return outcome.to_numpy(), event


def completion(frame: pd.DataFrame) -> Answer:
    """Nuclear-norm matrix completion with two-way effects, its penalty by its cross-validation."""
    import jax.numpy as jnp
    from mcnnm.wrappers import estimate

    outcome, event = _matrices(frame)
    absent = np.isnan(outcome)
    hidden = absent | (event >= 0)
    result = estimate(jnp.array(np.where(absent, 0.0, outcome)), jnp.array(hidden.astype(float)))
    return (float((outcome - np.asarray(result.Y_completed))[(event >= 0) & ~absent].mean()),)


def _centred(matrices: Any) -> Any:
    """Take unit and period means out (…, unit, period)."""
    rows, columns = matrices.mean(-1, keepdims=True), matrices.mean(-2, keepdims=True)
    return matrices - rows - columns + matrices.mean((-2, -1), keepdims=True)


def _factors(outcome: Any, event: Any) -> float:
    """Bai's estimator with a coefficient an event time, weighted by treated rows."""
    import bai2009

    times, rows = np.unique(event[event >= 0], return_counts=True)
    regressors = _centred((event == times[:, None, None]).astype(float))
    unit, period = np.indices(outcome.shape)
    np.random.seed(1)  # noqa: NPY002 (the package starts at numpy's global state)
    slopes = bai2009.InteractiveFixedEffects(FACTORS).fit(
        _centred(outcome).reshape(-1, 1), regressors.reshape(len(times), -1).T,
        unit.ravel(), period.ravel(), atol=1e-4,
    )[0]  # fmt: skip
    return float(rows @ slopes[:, 0] / rows.sum())


def interactive(frame: pd.DataFrame) -> Answer:
    """Interactive fixed effects."""
    outcome, event = _matrices(frame)
    if np.isnan(outcome).any():
        raise ValueError("the package takes absent rows for zeros")
    return (_factors(outcome, event),)


def bootstrapped(frame: pd.DataFrame) -> Answer:
    """Interactive fixed effects; its sd is a bootstrap of adopters and of others, by unit."""
    (mean,), (outcome, event) = interactive(frame), _matrices(frame)
    rng, ever = np.random.default_rng(1), event[:, -1] >= 0
    means = []
    for _ in range(REPETITIONS):
        parts = [rng.choice(np.flatnonzero(part), part.sum()) for part in (ever, ~ever)]
        units = np.concatenate(parts)
        means.append(_factors(outcome[units], event[units]))
    sd = float(np.std(means, ddof=1))
    return mean, mean - NORMAL * sd, mean + NORMAL * sd


def _two_stage(frame: pd.DataFrame) -> Answer:
    """Two-stage DiD by pyfixest."""
    import pyfixest

    data = frame.assign(on=((frame["first"] > 0) & (frame["time"] >= frame["first"])).astype(int))
    result = pyfixest.did2s(
        data, yname="outcome", first_stage="~ 0 | code + time", second_stage="~ on",
        treatment="on", cluster="code",
    )  # fmt: skip
    return (float(result.coef().iloc[0]),)


def _group_times(frame: pd.DataFrame) -> Answer:
    """Callaway–Sant'Anna by moderndid."""
    import moderndid
    import polars

    effects = moderndid.att_gt(
        data=polars.from_pandas(frame[["code", "time", "first", "outcome"]]), yname="outcome",
        tname="time", idname="code", gname="first", control_group="notyettreated", boot=False,
    )  # fmt: skip
    return (float(moderndid.aggte(effects, type="simple").overall_att),)


ESTIMATORS: dict[str, Callable[[pd.DataFrame], Answer]] = {
    "Callaway–Sant'Anna": _diff_diff("CallawaySantAnna", control_group="not_yet_treated"),
    "Sun–Abraham": _diff_diff("SunAbraham"),
    "imputation (BJS)": _diff_diff("ImputationDiD"),
    "two-stage (Gardner)": _diff_diff("TwoStageDiD"),
    "ETWFE (Wooldridge)": _diff_diff("WooldridgeDiD"),
    "efficient DiD": _diff_diff("EfficientDiD"),
    "synthetic DiD": synthetic,
    "matrix completion": completion,
    "interactive fixed effects": interactive,
    "interactive fixed effects, bootstrap": bootstrapped,
    "two-stage (Gardner), pyfixest": _two_stage,
    "Callaway–Sant'Anna, moderndid": _group_times,
}


def _answer(estimate: Callable[[pd.DataFrame], Answer], frame: pd.DataFrame) -> dict[str, object]:
    """Estimate a panel within the limit: an error is an answer too."""
    line: dict[str, object] = {"truth": float(frame["truth"].iloc[0])}
    first, code = frame["cohort"].fillna(0).astype(int), frame["unit"].astype("category").cat.codes
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        answer = estimate(frame.assign(first=first, code=code))
        line |= zip(("mean", "low", "high"), answer, strict=False)
    except Exception as error:
        line["error"] = f"{type(error).__name__}: {error}"[:200]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
    return {**line, "seconds": time.process_time() - began}


def _late(*_: object) -> None:
    raise TimeoutError(f"no end within {LIMIT:g} CPU seconds")


def main(source: str, target: str, *names: str) -> None:
    """Estimate every panel of a table by the estimators named."""
    warnings.filterwarnings("ignore")
    signal.signal(signal.SIGPROF, _late)
    store = Path(target)
    lines = store.read_text(encoding="utf-8").splitlines() if store.exists() else []
    ready = {(x["world"], x["number"], x["estimator"]) for x in map(json.loads, lines)}
    panels = pd.read_csv(source).groupby(["world", "number"], sort=False)
    with store.open("a", encoding="utf-8") as file:
        for ((world, number), frame), name in product(panels, names):
            if (world, number, name) not in ready:
                line = {"world": world, "number": int(number), "estimator": name}
                line |= _answer(ESTIMATORS[name], frame)
                file.write(json.dumps(line) + "\n")
                file.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
