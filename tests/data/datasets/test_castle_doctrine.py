"""The castle-doctrine panel, against facts of the states."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

from bayes_nqp.data.datasets import castle_doctrine


def test_the_panel() -> None:
    panel = castle_doctrine()
    assert (panel.n_units, panel.periods, panel.n_rows) == (50, 11, 550)
    assert panel.balanced
    assert panel.roles.outcome == "l_homicide"
    assert panel.roles.strata == ("region",)
    cohorts, sizes = np.unique(panel.cohort_labels[panel.cohort_codes >= 0], return_counts=True)
    assert dict(zip(cohorts.tolist(), sizes.tolist(), strict=True)) == {
        2006: 1,
        2007: 13,
        2008: 4,
        2009: 2,
        2010: 1,
    }


def test_regions_are_those_of_the_census() -> None:
    df = castle_doctrine(as_frame=True)
    region = df.drop_duplicates("state").set_index("state")["region"]
    assert region.value_counts().to_dict() == {
        "South": 16,
        "West": 13,
        "Midwest": 12,
        "Northeast": 9,
    }
    known = {"Maine": "Northeast", "Ohio": "Midwest", "Texas": "South", "Hawaii": "West"}
    assert region[list(known)].to_dict() == known
    assert "District of Columbia" not in region
    treated = df[df["cohort"].notna()]
    assert "Northeast" not in set(treated["region"])


def test_states_are_named_by_what_is_known_of_them() -> None:
    df = castle_doctrine(as_frame=True)
    population = df.groupby("state")["popwt"].mean()
    assert population.idxmax() == "California"
    assert population.idxmin() == "Wyoming"
    assert df.loc[df["cohort"] == 2006, "state"].unique().tolist() == ["Florida"]


def test_the_rows_are_those_of_the_source() -> None:
    """To the last bit, but for dummies and trends."""
    folder = Path(str(importlib.util.find_spec("causaldata").origin)).parent
    theirs = pd.read_stata(folder / "castle" / "castle.dta")
    ours = castle_doctrine(as_frame=True).drop(columns=["state", "region", "cohort"])
    pd.testing.assert_frame_equal(ours, theirs[ours.columns], check_exact=True)
    assert not theirs.columns.difference(ours.columns).str.contains("homicide").any()
    assert len(ours) == len(theirs)
