"""Power scaling of priors: what rests on them, and what does not."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from doors import _prior_sensitivity as ps
from scipy import stats

import bayes_nqp as nqp

pytestmark = pytest.mark.xdist_group("prior_checks")

DATA = nqp.simulation.staggered(units=40, periods=10, cohorts=(4, 6, 8), level=2.0, seed=2).panel
DESIGN = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), nqp.AR1())
SAMPLER = nqp.Importance(draws=1000, chains=2, seed=1)


def fitted(**priors: float) -> nqp.Fit:
    design = DESIGN.replace(priors=nqp.Priors(**priors))  # type: ignore[arg-type]
    return nqp.fit(design, DATA, SAMPLER, progress=False)


@pytest.fixture(scope="session")
def plain() -> nqp.Fit:
    """A fit under the default priors."""
    return fitted()


@pytest.fixture(scope="session")
def tight() -> nqp.Fit:
    """A fit whose priors say that there is no effect."""
    names = ("level", "drift", "walk", "contrast", "cohort", "cell")
    return fitted(member=0.05, **dict.fromkeys(names, 0.01))


def table_of(result: nqp.CheckResult) -> pd.DataFrame:
    assert isinstance(result.evidence, pd.DataFrame)
    return result.evidence.set_index("quantity")


@pytest.mark.slow
def test_it_holds_by_default(plain: nqp.Fit) -> None:
    result = nqp.check(plain, "prior_sensitivity")
    assert result.verdict == "passed"
    table = table_of(result)
    wanted = {"att", "att[region=inland]", "coastal − inland", "att[event_time=0]", "rho", "sigma"}
    assert wanted <= set(table.index)
    assert "att[event_time=6]" in table.index
    reported = table[table["reported"]]
    assert (reported["prior"] < 0.05).all()
    assert (reported["likelihood"] > reported["prior"]).all()


@pytest.mark.slow
def test_tight_wrong_priors_fail(tight: nqp.Fit) -> None:
    result = nqp.check(tight, "prior_sensitivity")
    assert result.verdict == "failed"
    table = table_of(result)
    assert table.loc["att", "prior"] > max(0.05, table.loc["att", "likelihood"])
    assert table.loc["att", "diagnosis"] in (ps.STRONG, ps.CONFLICT)
    assert "depends considerably on the priors" in result.sentence


def test_half_the_weight_on_the_priors_is_a_refit_with_wider_ones(tight: nqp.Fit) -> None:
    """The square root of a normal or half-normal prior has √2 times the scale."""
    wide = dict.fromkeys(("level", "drift", "walk", "contrast", "cohort", "cell"), 0.01 * 2**0.5)
    priors = nqp.Priors(member=0.05 * 2**0.5, sigma=2**0.5, rho=(2.0, 1.5), **wide)
    again = nqp.att(nqp.fit(DESIGN.replace(priors=priors), DATA, SAMPLER, progress=False))
    sentence = nqp.check(tight, "prior_sensitivity").sentence
    found = re.search(r"would be about (\S+) instead of (\S+)\.", sentence)
    assert found is not None
    halved, fitted_ = (float(x.replace("−", "-")) for x in found.groups())
    assert fitted_ == pytest.approx(float(nqp.att(tight).mean()), abs=0.002)
    assert halved == pytest.approx(float(again.mean()), abs=0.15 * float(again.std()))
    assert halved != fitted_


def test_a_level_that_its_prior_decides_is_doubted() -> None:
    result = nqp.check(fitted(level=0.01), "prior_sensitivity")
    assert result.verdict in ("caution", "failed")
    assert table_of(result).loc["level", "diagnosis"] != ps.FINE
    assert "level" in result.sentence


@pytest.mark.slow
def test_log_priors_are_those_of_the_model(plain: nqp.Fit) -> None:
    """Differences between draws agree with the densities that `Priors` states."""
    found = ps.log_priors(plain)
    assert set(found) >= {"level", "drift", "strata_region", "rho", "sigma", "scale_deviation"}
    assert "cell" not in found
    posterior, s = plain.posterior, plain.scale
    region = posterior["outcome__strata_region"].to_numpy()
    expected = {
        "level": stats.norm.logpdf(posterior["outcome__level"], scale=5 * s),
        "drift": stats.norm.logpdf(posterior["outcome__drift"], scale=0.5 * s),
        "strata_region": stats.norm.logpdf(region[..., 0] - region[..., 1], scale=2 * s),
        "sigma": stats.halfnorm.logpdf(posterior["outcome__sigma"], scale=s),
        "scale_deviation": stats.halfnorm.logpdf(posterior["outcome__scale_deviation"], scale=s),
        "rho": stats.beta.logpdf((1 + posterior["outcome__rho"]) / 2, 3, 2),
    }
    for name, density in expected.items():
        ours = found[name].to_numpy()
        np.testing.assert_allclose(
            ours - ours[0, 0], density - density[0, 0], rtol=1e-8, atol=1e-8, err_msg=name
        )


def test_sensitivity_of_a_conjugate_mean() -> None:
    """With a flat prior the likelihood's sensitivity does not depend on the data's scale."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=(4, 2000, 1))
    density = -0.5 * z[..., 0] ** 2
    one, other = ps._sensitivity(z, density), ps._sensitivity(7.0 + 100.0 * z, density)
    assert one[0] == pytest.approx(other[0], rel=1e-6)
    assert one[0] > 0.05
    # A density that has nothing to do with the quantity leaves it where it is.
    apart = -0.5 * rng.normal(size=(4, 2000)) ** 2
    assert ps._sensitivity(z, apart)[0] < 0.01


@pytest.mark.slow
def test_a_threshold_can_be_asked_for(plain: nqp.Fit) -> None:
    result = nqp.check(plain, "prior_sensitivity", threshold=1e-4)
    assert result.verdict in ("caution", "failed")
    table = table_of(result)
    assert (table.loc[table["diagnosis"] != ps.FINE, "strongest"] != "").all()


def test_its_picture(tight: nqp.Fit) -> None:
    result = nqp.check(tight, "prior_sensitivity")
    for language, overall in (("en", "Overall"), ("zh", "总体")):
        ax = nqp.plots.check(result, language=language).axes[0]
        labels = [tick.get_text() for tick in ax.get_yticklabels()]
        assert labels[0] == overall
        assert len(labels) == len(table_of(result))
        assert ax.get_yticklabels()[0].get_fontweight() == "bold"
