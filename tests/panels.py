"""Small panels that tests of several rooms can start from."""

from __future__ import annotations

import numpy as np
import pandas as pd

ARGUMENTS = {
    "unit": "城市",
    "time": "年份",
    "cohort": "zone_year",
    "outcome": "nqp",
    "strata": ["region"],
    "covariates": ["ln_gdp"],
    "mediators": ["digital"],
}

CITIES = {
    "杭州市": (2015.0, "coastal"),
    "郑州市": (2016.0, "inland"),
    "宁波市": (2016.0, "coastal"),
    "兰州市": (np.nan, "inland"),
    "南平市": (np.nan, "coastal"),
    "遵义市": (2018.0, "inland"),
}


def city_frame(first: int = 2012, last: int = 2018) -> pd.DataFrame:
    """Return a balanced frame of six cities, in the columns of ARGUMENTS."""
    rng = np.random.default_rng(7)
    years = range(first, last + 1)
    rows = [
        {"城市": city, "年份": year, "zone_year": cohort, "region": region}
        for city, (cohort, region) in CITIES.items()
        for year in years
    ]
    df = pd.DataFrame(rows)
    for name in ("nqp", "ln_gdp", "digital"):
        df[name] = rng.normal(size=len(df)).round(4)
    return df
