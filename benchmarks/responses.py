"""Coverage of smooth responses to an exposure, beside that of a line.

    python -m benchmarks.responses --panels 60      simulate and fit, resumable
    python -m benchmarks.responses --collect        write benchmarks/results/smooth_response.md

Worlds: the response is a line, saturates, has a threshold, or is a sine; 60 x 14 and 285 x 12
observations, autocorrelated errors. Outcomes also have a common trend. Quantities are the response
relative to no exposure and its derivative at the 10, 50 and 90 % quantiles of exposure, and the
mean derivative over all observations.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_nqp as nqp

HERE = Path(__file__).parent
MEASURED = HERE / "measured" / "smooth_response.csv"
RESULT = HERE / "results" / "smooth_response.md"
SIZES = {"60 × 14": (60, 14), "285 × 12": (285, 12)}
RESPONSES = {
    "line": (lambda d: 0.8 * d, lambda d: 0.8 + 0 * d),
    "saturation": (lambda d: 2.0 * (1 - np.exp(-1.5 * d)), lambda d: 3.0 * np.exp(-1.5 * d)),
    "threshold": (lambda d: 1.5 * np.maximum(d - 1.0, 0), lambda d: 1.5 * (d > 1.0)),
    "sine": (lambda d: 1.5 * np.sin(1.2 * d), lambda d: 1.8 * np.cos(1.2 * d)),
}
DESIGNS = {"smooth": nqp.SmoothResponse(), "line": None}
FIELDS = (
    "size",
    "response",
    "panel",
    "design",
    "quantity",
    "truth",
    "mean",
    "sd",
    "lower",
    "upper",
)
RHO = 0.5


def panel_of(size: str, response: str, number: int) -> tuple[nqp.Panel, np.ndarray]:
    """Simulate one panel; return it with its exposures."""
    units, periods = SIZES[size]
    rng = np.random.default_rng([*map(ord, size + response), number])
    level = rng.gamma(2.0, 0.6, (units, 1))
    dose = np.abs(level + rng.normal(0, 0.4, (units, periods)).cumsum(axis=1))
    error = np.empty((units, periods))
    error[:, 0] = rng.normal(0, 0.6 / np.sqrt(1 - RHO**2), units)
    for t in range(1, periods):
        error[:, t] = RHO * error[:, t - 1] + rng.normal(0, 0.6, units)
    y = (
        rng.normal(size=(units, 1))
        + 0.1 * np.arange(periods)
        + RESPONSES[response][0](dose)
        + error
    )
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), periods),
            "time": np.tile(np.arange(periods), units),
            "dose": dose.ravel(),
            "y": y.ravel(),
        }
    )
    panel = nqp.Panel.from_frame(frame, unit="unit", time="time", outcome="y", exposures=["dose"])
    return panel, dose.ravel()


def rows_of(size: str, response: str, number: int) -> list[dict[str, object]]:
    """Fit both designs to one panel; return a row for each quantity."""
    panel, dose = panel_of(size, response, number)
    value, slope = RESPONSES[response]
    ends = np.quantile(dose, [0.1, 0.5, 0.9])
    some = np.quantile(dose, (np.arange(200) + 0.5) / 200)
    out: list[dict[str, object]] = []
    for name, curve in DESIGNS.items():
        design = nqp.ContinuousExposure("dose", response=curve)
        fit = nqp.fit(design, panel, nqp.Importance(draws=500, seed=1), progress=False)
        at = nqp.dose_response(fit, ends).to_numpy()
        rise = nqp.dose_response(fit, ends, derivative=True).to_numpy()
        mean = nqp.dose_response(fit, some, derivative=True).to_numpy().mean(axis=-1)
        cases = [
            (f"response at {q} %", float(value(d) - value(0 * d)), at[..., k])
            for k, (q, d) in enumerate(zip((10, 50, 90), ends, strict=True))
        ]
        cases += [(f"derivative at {q} %", float(slope(d)), rise[..., k])
                  for k, (q, d) in enumerate(zip((10, 50, 90), ends, strict=True))]  # fmt: skip
        cases.append(("mean derivative", float(slope(some).mean()), mean))
        for quantity, truth, draws in cases:
            low, high = np.quantile(draws, [0.025, 0.975])
            out.append(dict(zip(FIELDS, (
                size, response, number, name, quantity, truth, draws.mean(), draws.std(), low, high,
            ), strict=True)))  # fmt: skip
    return out


def simulate(panels: int) -> None:
    """Fit the panels that are not in the file of results yet."""
    done = set()
    if MEASURED.exists():
        kept = pd.read_csv(MEASURED)
        done = set(zip(kept["size"], kept["response"], kept["panel"], strict=True))
    else:
        MEASURED.write_text(",".join(FIELDS) + "\n", encoding="utf-8")
    for number in range(panels):
        for size in SIZES:
            for response in RESPONSES:
                if (size, response, number) in done:
                    continue
                rows = rows_of(size, response, number)
                with MEASURED.open("a", encoding="utf-8", newline="") as file:
                    csv.DictWriter(file, FIELDS).writerows(
                        {k: f"{x:.4g}" if isinstance(x, float) else x for k, x in row.items()}
                        for row in rows
                    )


def collect() -> None:
    """Write the table of coverage, bias and width."""
    rows = pd.read_csv(MEASURED)
    rows["covers"] = (rows["lower"] <= rows["truth"]) & (rows["truth"] <= rows["upper"])
    rows["width"], rows["bias"] = rows["upper"] - rows["lower"], rows["mean"] - rows["truth"]
    table = rows.groupby(["size", "response", "quantity", "design"], sort=False)[
        ["covers", "bias", "width"]
    ].mean()
    table = table.unstack("design")
    number = rows["panel"].nunique()
    lines = [
        "# Smooth responses to an exposure",
        "",
        f"{number} panels for each row; 95 % intervals. `python -m benchmarks.responses`.",
        "",
        "| panel | response | quantity | smooth: covers | bias | width "
        "| line: covers | bias | width |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (size, response, quantity), row in table.iterrows():
        cells = [f"{row[(what, design)]:.3f}" if what == "covers" else f"{row[(what, design)]:.2f}"
                 for design in DESIGNS for what in ("covers", "bias", "width")]  # fmt: skip
        lines.append(f"| {size} | {response} | {quantity} | " + " | ".join(cells) + " |")
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=60)
    parser.add_argument("--collect", action="store_true")
    arguments = parser.parse_args()
    collect() if arguments.collect else simulate(arguments.panels)
