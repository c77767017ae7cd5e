"""Runs in CausalPy's environment, which has no bayes_nqp: PANEL.csv DRAWS."""

import time

BEGAN = time.perf_counter()

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

import causalpy as cp  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402


def main() -> None:
    path, draws = sys.argv[1], int(sys.argv[2])
    data = pd.read_csv(path)
    data["cohort"] = data["cohort"].fillna(np.inf)
    data["treated"] = (data["year"] >= data["cohort"]).astype(int)
    model = cp.pymc_models.LinearRegression(
        sample_kwargs={
            "draws": draws, "tune": min(draws, 1_000), "chains": 4, "random_seed": 1,
            "cores": os.cpu_count(), "progressbar": False,
        }
    )  # fmt: skip
    cp.StaggeredDifferenceInDifferences(
        data,
        formula="y ~ 1 + C(unit) + C(year)",
        unit_variable_name="unit",
        time_variable_name="year",
        treated_variable_name="treated",
        treatment_time_variable_name="cohort",
        model=model,
    )
    print(json.dumps({"seconds": time.perf_counter() - BEGAN}))


if __name__ == "__main__":
    main()
