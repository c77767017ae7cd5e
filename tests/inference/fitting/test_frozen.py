"""What an earlier version saved opens, prints the same numbers, and can be fitted again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from frozen import FROZEN, frozen_bytes
from numpy.testing import assert_allclose, assert_array_less

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.testing import assert_equal

pytestmark = pytest.mark.filterwarnings("ignore:the value .* is now called:FutureWarning")
NUMBERS = json.loads((FROZEN / "numbers.json").read_text(encoding="utf-8"))
AGAIN = nqp.Importance(draws=200, chains=2, seed=5)


@pytest.fixture(scope="module", params=sorted(NUMBERS))
def frozen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Return the name of a frozen fit, and the fit."""
    path = tmp_path_factory.mktemp("frozen") / f"{request.param}.nc"
    path.write_bytes(frozen_bytes(request.param))
    with pytest.warns(UserWarning, match=f"{request.param}.nc .* has no digest"):
        fit = nqp.load(path)
    return request.param, fit


def draws_of(fit: nqp.Fit, by: str):
    return nqp.nie(fit) if by == "nie" else nqp.att(fit, by=by)


def test_the_same_numbers_are_printed(frozen) -> None:
    name, fit = frozen
    for by, columns in NUMBERS[name].items():
        table = nqp.summary(draws_of(fit, by))
        for column, numbers in columns.items():
            assert_allclose(table[column], numbers, rtol=1e-9, err_msg=f"{name} {by} {column}")


def test_its_sampler_is_the_one_of_today_with_the_numbers_that_it_had(frozen) -> None:
    _, fit = frozen
    chains, draws = (fit.posterior.sizes[dim] for dim in ("chain", "draw"))
    assert fit.sampler == nqp.Importance(draws=draws, chains=chains, seed=3)


@pytest.mark.slow
def test_its_design_can_be_fitted_to_its_panel_again(frozen) -> None:
    name, fit = frozen
    again = nqp.fit(fit.design, fit.panel, AGAIN, progress=False)
    for by, columns in NUMBERS[name].items():
        mean = draws_of(again, by).mean(("chain", "draw")).to_numpy()
        off = abs(mean - columns["mean"]) / columns["sd"]
        assert_array_less(off, 1.0, err_msg=f"{name} {by}")


@pytest.mark.slow
def test_it_is_saved_again_as_it_is(frozen, tmp_path: Path) -> None:
    _, fit = frozen
    assert_equal(nqp.load(fit.save(tmp_path / "again.nc")), fit)


def test_likelihoods_come_from_coefficients_drawn_anew(frozen) -> None:
    name, fit = frozen
    if name == "index":
        with pytest.raises(StudyError, match="pooled"):
            nqp.log_likelihood(fit)
        return
    found = nqp.log_likelihood(fit)
    assert found.attrs["coefficients"] == "drawn anew"
    assert np.isfinite(found).all()
    if name != "mediation":
        result = nqp.check(fit, "influence", progress=False)
        assert result.verdict == "not applicable"
        assert "Versions up to 0.1 did not store them" in result.sentence


@pytest.mark.slow
def test_it_says_that_its_file_had_no_seal(frozen, tmp_path: Path) -> None:
    _, fit = frozen
    back = nqp.load(fit.save(tmp_path / "again.nc"))
    for one in (fit, back):
        assert one.record["unsealed"] == 1.0
        assert "file without a digest" in repr(one)
        assert "file without a digest" in one._repr_html_()
