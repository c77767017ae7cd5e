"""Draws say what they say before they show their numbers, and stay what xarray and ArviZ take."""

from __future__ import annotations

import pickle

import arviz as az
import numpy as np
import pytest
import xarray as xr
from frozen import frozen_fit

import bayes_nqp as nqp
from bayes_nqp._core.draws import Draws
from bayes_nqp._core.exceptions import UnknownNameError


@pytest.fixture(scope="module")
def by():
    return nqp.att(frozen_fit("staggered"), by="event_time")


def test_the_summary_comes_first_and_the_draws_below(by):
    lines = repr(by).split("\n")
    size = by.sizes["chain"] * by.sizes["draw"]
    assert lines[0] == f"att: {size:,} draws, 95 % intervals"
    assert lines[1].split()[:5] == ["event_time", "mean", "sd", "lower", "upper"]
    assert "\n".join(lines[1:]).startswith(repr(nqp.summary(by)))
    assert repr(by).endswith(repr(xr.DataArray(by)))


def test_the_html_holds_both(by):
    text = by._repr_html_()
    assert f"{float(by.mean(['chain', 'draw'])[0]):.4f}".rstrip("0") in text
    assert text.index("<table") < text.index("xr-wrap")


@pytest.mark.parametrize(
    "cut",
    [
        lambda x: x.isel(event_time=0),
        lambda x: x - x.mean("event_time"),
        lambda x: x.rename("other"),
        lambda x: pickle.loads(pickle.dumps(x)),
        lambda x: xr.concat([x, x], "copy"),
    ],
    ids=["slice", "arithmetic", "name", "pickle", "concat"],
)
def test_what_is_cut_or_computed_shows_its_own_summary(by, cut):
    draws = cut(by)
    assert isinstance(draws, Draws)
    assert repr(draws.summary()) in repr(draws)


@pytest.mark.parametrize(
    "cut",
    [
        lambda x: x.mean(["chain", "draw"]),
        lambda x: x.isel(draw=0),
        lambda x: x > 0,
        lambda x: x.isel(event_time=slice(0)),
        lambda x: x.stack(sample=["chain", "draw"]),
    ],
    ids=["mean", "one draw", "truth values", "no labels", "stacked"],
)
def test_what_has_nothing_to_summarise_is_shown_as_any_other(by, cut):
    values = cut(by)
    assert repr(values) == repr(xr.DataArray(values))
    assert "95 %" not in values._repr_html_()


def test_many_labels_are_shown_as_far_as_a_screen_goes():
    draws = Draws(
        np.random.default_rng(1).normal(size=(2, 50, 30, 7)),
        dims=("chain", "draw", "place", "year"),
        coords={"place": range(30), "year": range(2000, 2007)},
        name="att",
    )
    lines = repr(draws).split("\n")
    assert lines[0] == "att: 100 draws, 95 % intervals; the first 56 labels"
    assert lines[56].split()[:3] == ["54", "7", "2005"]


def test_few_draws_and_gaps_are_shown(by):
    assert "att: 2 draws" in repr(by.isel(chain=[0], draw=slice(2)))
    assert "att:" in repr(Draws(by.where(by["event_time"] > 0)))


def test_arviz_and_xarray_take_them(by):
    assert np.allclose(az.summary(by, round_to="none")["mean"], by.mean(["chain", "draw"]))
    again = by.to_dataset()["att"]
    xr.testing.assert_identical(again, xr.DataArray(by))
    assert by.event_time.equals(by["event_time"])


def test_names_of_others_answer(by):
    with pytest.raises(UnknownNameError, match="no 'hist'"):
        by.hist()
