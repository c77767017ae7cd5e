"""The step designs of the literature, read off one fit."""

from __future__ import annotations

import pytest
from mediated import channels_fit, random_paths

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.output.tables._kind_baseline import _first

pytestmark = pytest.mark.xdist_group("mediation_pictures")


@pytest.fixture(scope="session")
def fit():
    return channels_fit()


def test_three_steps_are_total_legs_and_direct(fit):
    table = nqp.baron_kenny(fit)
    assert table[["step", "equation", "coefficient"]].to_numpy().tolist() == [
        [1, "outcome", "treatment"],
        [2, "digital", "treatment"],
        [2, "finance", "treatment"],
        [3, "outcome", "treatment"],
        [3, "outcome", "digital"],
        [3, "outcome", "finance"],
    ]
    mean = table["mean"]
    assert mean[0] == pytest.approx(float(nqp.total(fit).mean()))
    assert mean[3] == pytest.approx(float(nqp.nde(fit).mean()))
    # Digital rises by 2 and enters with slope 1.
    assert table.at[1, "lower"] < 2 < table.at[1, "upper"]
    assert table.at[4, "lower"] < 1 < table.at[4, "upper"]
    assert table.at[0, "mean"] - table.at[3, "mean"] == pytest.approx(
        float(nqp.nie(fit).sel(mediator="all mediators").mean())
    )


@pytest.mark.slow
def test_two_steps_stop_at_the_mediators(fit):
    table = nqp.two_step_mediation(fit, by="region")
    assert set(table["step"]) == {1, 2}
    assert set(table["coefficient"]) == {"treatment"}
    assert set(table["region"]) == {"coastal", "inland"}
    full = nqp.baron_kenny(fit, by="region")
    assert table["mean"].tolist() == full.loc[full["step"] < 3, "mean"].tolist()


def test_effects_alone_have_no_steps():
    with pytest.raises(StudyError, match="paths a and b require"):
        nqp.baron_kenny(random_paths())


@pytest.mark.slow
def test_the_printed_table_has_two_steps_and_the_other_says_why_not(fit):
    made = nqp.table(fit, "two_step_mediation", language="zh")
    assert [x.label for x in made.columns] == ["(1)\noutcome", "(2)\ndigital", "(3)\nfinance"]
    numbers = nqp.two_step_mediation(fit)
    assert [x.values[:3] for x in made.rows[0].cells] == [
        tuple(numbers.loc[k, ["mean", "lower", "upper"]]) for k in range(3)
    ]
    assert [row.label for row in made.rows][2:4] == ["单位效应", "时间效应"]
    assert "江艇" in made.note
    assert "不接受" in nqp.table(fit, "steps", language="zh").note
    assert "reject this three-step" in nqp.table(fit, "steps").note


def test_the_baseline_table_is_of_the_outcome_alone(fit):
    alone = _first(fit, ())
    assert alone.facts.channels is None
    assert alone.design == fit.outcome_design
