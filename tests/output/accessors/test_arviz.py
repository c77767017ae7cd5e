"""A fit is to ArviZ what any model of PyMC is; and draws of PyMC become a fit."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from frozen import frozen_fit
from small_calls import World, write_world

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError

az = pytest.importorskip("arviz")
# Files of version 0.1 have no seal; few draws of few units have large Pareto k.
pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::FutureWarning", "ignore::RuntimeWarning"
)

ASKED = {
    "summary": (),
    "plot_forest": (),
    "plot_trace": (),
    "ess": (),
    "rhat": (),
    "extract": (),
    "loo": ("log_likelihood",),
    "compare": ("log_likelihood",),
    "plot_ppc_dist": ("posterior_predictive",),
    "plot_prior_posterior": ("prior",),
}
REFUSED = {
    ("channels", "plot_prior_posterior"): "use one equation",
    ("linked", "loo"): "single observations|row by row",
    ("linked", "compare"): "single observations|row by row",
    ("linked", "plot_ppc_dist"): "single observations|row by row",
    ("linked", "plot_prior_posterior"): "single observations|row by row",
}
"""What a design does not have, and the reason that is given."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_world(folder)
    return World(folder)


@pytest.mark.slow
@pytest.mark.parametrize("call", ASKED)
@pytest.mark.parametrize("kind", ["fit", "channels", "spilled", "dose", "linked"])
def test_arviz_takes_a_fit_or_the_reason_is_given(kind, call, world):
    fit = getattr(world, kind)
    how = dict.fromkeys(ASKED[call], True)
    if (kind, call) in REFUSED:
        with pytest.raises(NQPError, match=REFUSED[kind, call]):
            fit.to_arviz(**how, draws=20, seed=1)
        return
    tree = fit.to_arviz(**how, draws=20, seed=1)
    if call == "compare":
        made = az.compare({"one": tree, "again": tree})
        assert {*made.index} == {"one", "again"}
    elif call in ("loo", "plot_ppc_dist"):
        assert getattr(az, call)(tree) is not None
    else:
        assert getattr(az, call)(tree, var_names=["att"]) is not None
    plt.close("all")


def test_numbers_are_those_of_the_fit(world):
    fit = world.fit
    tree = fit.to_arviz(log_likelihood=True)
    assert float(az.loo(tree).elpd) == pytest.approx(float(nqp.loo(fit).elpd))
    mean = az.extract(tree, var_names=["att"]).mean()
    assert float(mean) == pytest.approx(float(fit.att().mean()), abs=1e-12)
    assert tree.attrs["gate"] == str(fit.gate)


@pytest.mark.slow
def test_cells_and_units_go_by_name(world):
    tree = world.fit.to_arviz()
    cells = tree["posterior"]["cell"].to_numpy()
    assert np.unique(cells).size == cells.size
    effects = world.fit.effects
    first = effects.isel(cell=0)
    parts = (first["region"].item(), int(first["cohort"]), int(first["time"]))
    assert cells[0] == " · ".join(map(str, parts))
    spilled = world.spilled.to_arviz()["posterior"]["cell"].to_numpy()
    assert np.unique(spilled).size == spilled.size
    assert len(az.summary(world.spilled.to_arviz())) > spilled.size


def test_prior_and_posterior_hold_the_same_quantities(world):
    tree = world.fit.to_arviz(prior=True, draws=20, seed=1)
    prior, posterior = tree["prior"].to_dataset(), tree["posterior"].to_dataset()
    assert {"att", "effect"} <= {*prior} & {*posterior}
    assert prior["effect"].dims == posterior["effect"].dims
    assert [*prior["cell"].to_numpy()] == [*posterior["cell"].to_numpy()]


def test_a_saved_fit_has_the_same_tree():
    fit = frozen_fit("staggered")
    assert {*fit.to_arviz().children} == {"posterior", "sample_stats"}


def test_draws_of_the_row_model_are_those_of_the_fit(world):
    again = nqp.from_pymc(world.outside, world.flat.design, world.panel)
    ours = world.flat
    assert float(abs(nqp.att(again, "cohort") - nqp.att(ours, "cohort")).max()) < 1e-12
    assert again.scale == ours.scale
    assert not again.gate.weighted


@pytest.mark.slow
def test_what_pymc_samples_enters_estimands(world):
    pm = pytest.importorskip("pymc")
    with nqp.to_pymc(world.flat.design, world.panel):
        draws = pm.sample(100, tune=100, chains=2, cores=1, random_seed=1, progressbar=False)
    fit = nqp.from_pymc(draws, world.flat.design, world.panel)
    ours = nqp.summary(nqp.fit(world.flat.design, world.panel, nqp.Importance(seed=1))).iloc[0]
    theirs = fit.summary().iloc[0]
    assert abs(theirs["mean"] - ours["mean"]) < ours["sd"]
    assert 0.6 < theirs["sd"] / ours["sd"] < 1.6
    assert fit.sampler == nqp.NUTS(draws=100, tune=100, chains=2)


def test_draws_of_another_model_are_refused(world):
    other = nqp.simulation.staggered(units=12, periods=7, cohorts=(3, 5), seed=1).panel
    with pytest.raises(NQPError, match="cells, but the design has"):
        nqp.from_pymc(world.outside, world.flat.design, other)
    with pytest.raises(NQPError, match="lacks outcome__rho"):
        nqp.from_pymc(world.outside, nqp.StaggeredDiD(nqp.CompletePooling(None)), world.panel)
    with pytest.raises(NQPError, match="no group 'posterior'"):
        nqp.from_pymc(world.outside["posterior"], world.flat.design, world.panel)
