"""Write the castle-doctrine rows that ship, of those of the package causaldata.

python tools/castle.py
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

MADE = Path(__file__).resolve().parents[1] / "src/bayes_nqp/data/datasets/data/castle_doctrine.csv"
REGIONS = ("Northeast", "Midwest", "South", "West")
# fmt: off
STATES = (
    "Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado", "Connecticut",
    "Delaware", "District of Columbia", "Florida", "Georgia", "Hawaii", "Idaho", "Illinois",
    "Indiana", "Iowa", "Kansas", "Kentucky", "Louisiana", "Maine", "Maryland",
    "Massachusetts", "Michigan", "Minnesota", "Mississippi", "Missouri", "Montana",
    "Nebraska", "Nevada", "New Hampshire", "New Jersey", "New Mexico", "New York",
    "North Carolina", "North Dakota", "Ohio", "Oklahoma", "Oregon", "Pennsylvania",
    "Rhode Island", "South Carolina", "South Dakota", "Tennessee", "Texas", "Utah", "Vermont",
    "Virginia", "Washington", "West Virginia", "Wisconsin", "Wyoming",
)
# fmt: on
DUMMIES = r"(?:r20\d{3}|trend_\d+|lead\d|lag\d)"
HEAD = """\
# Castle-doctrine laws and crime: 50 American states, 2000 to 2010.
#
# state, region   names: `sid` numbers the states and the District of Columbia, which is left out,
#                 in alphabetical order; the census region is that of the dummies r20001 to r20004
# cohort          the first year with post > 0, empty = never
# post            1 where the law was in force
# homicide, robbery, assault, burglary, larceny, motor, murder   per 100,000 people
# robbery_gun_r   share of robberies with a gun
# jhcitizen_c, jhpolice_c   justifiable homicides by citizens and by the police, counts
# unemployrt, poverty, blackm_15_24, whitem_15_24, blackm_25_44, whitem_25_44   per cent
# l_…             natural logarithms: rates, police, income, prisoners, subsidies, public welfare
# popwt           population, a weight
#
# Source: castle.dta of the Python package causaldata 0.1.5 (MIT licence, copyright (c) 2021 Nick
# Huntington-Klein, LICENSE-causaldata.txt), without its dummies and trends, by tools/castle.py; FBI
# Uniform Crime Reports, put together by Cheng, C. and Hoekstra, M. (2013). Does Strengthening
# Self-Defense Law Deter Crime or Escalate Violence? Evidence from Expansions to Castle Doctrine.
# Journal of Human Resources 48 (3), 821-854.
"""


def main() -> None:
    """Name states, regions and cohorts, and leave out what is made of other columns."""
    spec = importlib.util.find_spec("causaldata")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install causaldata")
    raw = pd.read_stata(Path(spec.origin).parent / "castle" / "castle.dta")
    first = raw[raw["year"] == 2000].set_index("sid")
    dummies = first[[f"r2000{k + 1}" for k in range(len(REGIONS))]]
    region = pd.Series(np.asarray(REGIONS)[dummies.to_numpy().argmax(axis=1)], dummies.index)
    named = pd.DataFrame(
        {
            "state": np.asarray(STATES)[raw["sid"].to_numpy(dtype=np.int64) - 1],
            "region": raw["sid"].map(region),
            "cohort": raw["sid"].map(raw[raw["post"] > 0].groupby("sid")["year"].min()),
        }
    ).astype({"cohort": "Int64"})
    kept = raw.loc[:, ~raw.columns.str.fullmatch(DUMMIES)]
    MADE.write_text(f"\ufeff{HEAD}{named.join(kept).to_csv(index=False)}", encoding="utf-8")


if __name__ == "__main__":
    main()
