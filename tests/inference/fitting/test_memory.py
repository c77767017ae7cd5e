"""A fit that nobody holds any more is gone at once: no cycle waits for Python's collector."""

from __future__ import annotations

import gc
import pickle
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from doors import fits_of

import bayes_nqp as nqp
from bayes_nqp._core.process import uncollected as without_collector
from bayes_nqp._core.testing import assert_equal

SAMPLER = nqp.Importance(seed=1, draws=300, chains=2)
PLAIN = ("pretrends", "specifications", "placebo_space", "influence", "prior_sensitivity")
"""Checks that refit, deal cohorts anew, or ask ArviZ."""
CHANNELS = ("pretrends", "leave_mediator_out", "path_covariance")
"""The same of channels."""


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No collector: what stays is held by somebody, or by itself."""
    gc.collect()
    with without_collector():
        yield


def plain() -> nqp.Fit:
    made = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=5)
    return nqp.fit(nqp.StaggeredDiD(), made.panel, SAMPLER, progress=False)


def channels() -> nqp.Fit:
    panel = nqp.simulation.channels(units=40, periods=13, seed=5).panel
    design = nqp.Mediation(nqp.StaggeredDiD(), panel.roles.mediators)
    return nqp.fit(design, panel, SAMPLER, progress=False)


def jointly() -> nqp.Fit:
    panel = nqp.simulation.channels(units=40, periods=13, seed=5).panel
    design = nqp.Mediation(
        nqp.StaggeredDiD(effect=nqp.CompletePooling(varying="unit")),
        panel.roles.mediators[:1],
        vary_by="unit",
    )
    return nqp.fit(design, panel, SAMPLER, progress=False)


def owned(array: np.ndarray) -> np.ndarray:
    """The array that owns the numbers."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def arrays_of(fit: nqp.Fit) -> dict[str, weakref.ref[Any]]:
    """A fit and its refits, and every Dataset and array of their draws.

    What plans and draws share, as the table of members, goes with the last plans.
    """
    held: dict[str, weakref.ref[Any]] = {}
    for number, each in enumerate(fits_of(fit)):
        held[f"{number}"] = weakref.ref(each)
        for name, group in each.groups.items():
            held[f"{number} {name}"] = weakref.ref(group)
            for called, variable in group.data_vars.items():
                if "draw" in variable.dims:
                    key = f"{number} {name} {called}"
                    held[key] = weakref.ref(owned(variable.variable.data))
    assert all(reference() is not None for reference in held.values())
    return held


def left(held: dict[str, weakref.ref[Any]]) -> list[str]:
    return [name for name, reference in held.items() if reference() is not None]


@pytest.mark.slow
@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("make", [plain, channels, jointly])
def test_a_fit_goes_at_once(make: Callable[[], nqp.Fit], tmp_path: Path) -> None:
    fit = make()
    held = arrays_of(fit)
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    other = pickle.loads(pickle.dumps(again))
    assert_equal(other.groups, fit.groups)
    held |= {f"loaded {name}": x for name, x in arrays_of(again).items()}
    held |= {f"pickled {name}": x for name, x in arrays_of(other).items()}
    nqp.summary(fit.att())
    assert len(held) > 20
    del fit, again, other
    assert left(held) == []


def cyclic_arrays() -> int:
    """Bytes of arrays in what only the collector finds."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
    finally:
        gc.set_debug(0)
    arrays = {id(x): x for x in gc.get_referents(*gc.garbage) if isinstance(x, np.ndarray)}
    gc.garbage.clear()
    return sum(x.nbytes for x in arrays.values())


@pytest.mark.slow
@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize(("make", "checks"), [(plain, PLAIN), (channels, CHANNELS)])
def test_a_fit_goes_with_all_that_checks_made_for_it(
    make: Callable[[], nqp.Fit], checks: tuple[str, ...]
) -> None:
    """Its refits too, and neither rows nor what problems keep wait for the collector.

    SciPy's roots hold a few averages.
    """
    fit = make()
    for name in checks:
        assert nqp.check(fit, name, progress=False).verdict != "not applicable"
    if fit.facts.channels is None:
        nqp.model_average(fit)
    assert "_memory" in vars(fit)
    assert "_memory" not in vars(pickle.loads(pickle.dumps(fit)))
    held, size = arrays_of(fit), fit.effects["effect"].nbytes
    assert len(fits_of(fit)) > 1
    del fit
    assert left(held) == []
    assert cyclic_arrays() < 0.2 * size


@pytest.mark.slow
def test_what_a_tree_costs_is_its_own() -> None:
    """A tree is made of the fit's draws each time, and what is written into it stays there."""
    fit = plain()
    tree = fit.tree
    assert fit.tree is not tree
    assert np.shares_memory(tree["effects"]["effect"].data, fit.groups["effects"]["effect"].data)
    tree["effects"].attrs["outcome"] = "other"
    del tree["posterior"]
    assert fit.effects.attrs["outcome"] != "other"
    assert isinstance(fit.posterior, xr.Dataset)
    effects = fit.effects
    effects.attrs["outcome"] = "other"
    assert fit.effects.attrs["outcome"] != "other"
