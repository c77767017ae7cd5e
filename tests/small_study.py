"""A small study: its text, its rows, and both on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

STUDY = """\
title = "城市与新质生产力"

[data]
file = "cities.csv"
unit = "城市"
time = "年份"
cohort = "zone_year"
outcome = "ln_nqp"
strata = ["地区"]

[data.derive]
ln_nqp = "log(nqp)"

[design]
effect = { type = "PartialPooling", varying = "unit" }
errors = "AR1"

[sampler]
type = "Importance"
draws = 100
chains = 2
seed = 7

[report]
outcome = "productivity"

[checks]
run = ["convergence", "identification"]
"""


def city_rows() -> pd.DataFrame:
    """Twenty cities, 2012 to 2019, in two regions; half of them treated in 2015 or 2016."""
    rng = np.random.default_rng(5)
    rows = [
        (f"城市{i:02d}", year, (2015, None, 2016, None)[i % 4], ("沿海", "内陆")[i // 4 % 2])
        for i in range(20)
        for year in range(2012, 2020)
    ]
    df = pd.DataFrame(rows, columns=["城市", "年份", "zone_year", "地区"])
    treated = df["年份"] >= df["zone_year"].fillna(9999)
    df["nqp"] = np.exp(0.3 * treated + 0.1 * rng.normal(size=len(df))).round(4)
    return df


def write_study(folder: Path, text: str = STUDY) -> Path:
    """Write the study and its data into a folder."""
    city_rows().to_csv(folder / "cities.csv", index=False, encoding="utf-8-sig")
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path
