"""Panels that moderndid ships, against facts of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from doors import REGIONS, STATES

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.datasets import bank_branching, medicaid, minimum_wage

SHARED = Path(__file__).parents[4] / "shared" / "data" / "minimum_wage" / "mpdta.csv"


def sizes(panel: nqp.Panel) -> dict[int, int]:
    cohorts, counts = np.unique(panel.cohort_labels[panel.cohort_codes >= 0], return_counts=True)
    return dict(zip(cohorts.astype(int).tolist(), counts.tolist(), strict=True))


def test_states_of_the_census() -> None:
    assert len(STATES) == 51
    assert len(set(STATES.values())) == 51
    count = pd.Series(REGIONS).value_counts().to_dict()
    assert count == {"South": 17, "West": 13, "Midwest": 12, "Northeast": 9}
    # FIPS codes follow the alphabet.
    assert [STATES[code] for code in sorted(STATES)] == sorted(STATES.values())


@pytest.mark.slow
def test_minimum_wage() -> None:
    panel = minimum_wage()
    assert (panel.n_units, panel.periods, panel.n_rows) == (500, 5, 2500)
    assert panel.balanced
    assert panel.roles.outcome == "lemp"
    assert sizes(panel) == {2004: 20, 2006: 40, 2007: 131}
    df = minimum_wage(as_frame=True)
    assert df.groupby("state")["cohort"].nunique().max() == 1, "states set minimum wages"
    assert set(df.loc[df["cohort"] == 2004, "state"]) == {"Illinois"}
    assert "Northeast" not in set(df["region"])


def test_minimum_wage_against_a_copy_from_elsewhere() -> None:
    if not SHARED.exists():
        pytest.skip("mpdta in ../shared/data is not here")
    other = pd.read_csv(SHARED)
    by = ["countyreal", "year"]
    ours = minimum_wage(as_frame=True)[other.columns].sort_values(by, ignore_index=True)
    pd.testing.assert_frame_equal(ours, other.sort_values(by, ignore_index=True), check_dtype=False)


def test_medicaid() -> None:
    panel = medicaid()
    assert (panel.n_units, panel.periods, panel.n_rows) == (46, 12, 552)
    assert sizes(panel) == {2014: 22, 2015: 3, 2016: 2, 2017: 1, 2019: 2}
    df = medicaid(as_frame=True).drop_duplicates("state").set_index("state")
    # As the Kaiser Family Foundation dates them.
    assert df["cohort"][["California", "Louisiana", "Maine", "Virginia"]].tolist() == [
        2014,
        2017,
        2019,
        2019,
    ]
    assert df["cohort"][["Texas", "Florida", "Wyoming"]].isna().all()
    assert df["W"].idxmax() == "California"


def test_bank_branching() -> None:
    panel = bank_branching()
    assert (panel.n_units, panel.periods) == (1035, 12)
    df = bank_branching(as_frame=True)
    assert df["state"].nunique() == 50
    states = df.drop_duplicates("state").set_index("state")
    assert df.groupby("state")["cohort"].nunique().max() == 1
    assert states["cohort"].isna().sum() == 8
    by_state = df.groupby(["state", "year"])["inter_bra"].max()
    for state, year in states["cohort"].dropna().items():
        assert by_state[state, year] > 0
        assert by_state[state, year - 1] == 0


@pytest.mark.parametrize(
    ("load", "effect"),
    [
        (minimum_wage, nqp.PartialPooling(["region"], varying="state")),
        (medicaid, nqp.CompletePooling(varying="unit")),
        (bank_branching, nqp.CompletePooling(varying="state")),
    ],
)
def test_what_a_simple_design_asks_of_them_is_identified(
    load: Callable[[], nqp.Panel], effect: nqp.PartialPooling | nqp.CompletePooling
) -> None:
    found = nqp.identification(nqp.StaggeredDiD(effect=effect), load())
    assert len(found) > 0
    assert found["identified"].all()


@pytest.mark.parametrize("load", [minimum_wage, medicaid, bank_branching])
def test_without_the_package(load: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(PanelError, match=rf"(?s)^{load.__name__}\(\).*bayes-nqp\[data\]"):
        load()


def test_an_old_version_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        pass

    monkeypatch.setattr(importlib, "import_module", lambda _: Old)
    with pytest.raises(PanelError, match=r"(?s)moderndid\.load_mpdta.*--upgrade"):
        minimum_wage()
