"""How central nodes are: by hand, drawn over partners, and carried into effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError

LINKS = {("a", "b"): 2.0, ("a", "c"): 1.0, ("b", "c"): 0.5, ("c", "d"): 3.0}
NODES = ["a", "b", "c", "d"]


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    """Four nodes over three periods; links grow by a tenth each, and two pairs have none."""
    rows = [(*pair, t, w * 1.1**t) for pair, w in LINKS.items() for t in range(3)]
    frame = pd.DataFrame(rows, columns=["from", "to", "t", "w"])
    dates = {"a": 1, "b": None, "c": None, "d": None}
    return nqp.Panel.from_pairs(
        frame, origin="from", destination="to", time="t", outcome="w", cohorts=dates
    )


def table() -> np.ndarray:
    out = np.zeros((4, 4))
    for (a, b), w in LINKS.items():
        out[NODES.index(a), NODES.index(b)] = out[NODES.index(b), NODES.index(a)] = w
    return out


def test_they_are_those_of_the_table(panel: nqp.Panel) -> None:
    strength = nqp.centrality(panel).values.to_numpy().reshape(4, 3)
    assert strength == pytest.approx(table().sum(axis=1)[:, None] * 1.1 ** np.arange(3))
    degree = nqp.centrality(panel, "degree", above=0.9).values.to_numpy().reshape(4, 3)
    assert degree[:, 0].tolist() == [2.0, 1.0, 2.0, 1.0]
    leading = nqp.centrality(panel, "eigenvector").values.to_numpy().reshape(4, 3)
    vector = np.abs(np.linalg.eigh(table())[1][:, -1])
    assert leading == pytest.approx(np.repeat((vector / vector.mean())[:, None], 3, axis=1))


def test_a_direction_tells_who_sends_from_who_receives() -> None:
    frame = pd.DataFrame({"o": ["a", "b", "a"], "d": ["b", "a", "c"], "w": [1.0, 2.0, 4.0]})
    frame = pd.concat([frame.assign(t=t) for t in (0, 1)])
    panel = nqp.Panel.from_pairs(
        frame, origin="o", destination="d", time="t", outcome="w",
        cohorts=dict.fromkeys("abc"), directed=True,
    )  # fmt: skip
    sent, got = (
        nqp.centrality(panel, side=x).values[::2].tolist() for x in ("origin", "destination")
    )
    assert (sent, got) == ([5.0, 2.0, 0.0], [2.0, 1.0, 4.0])


@pytest.mark.parametrize("kind", ["degree", "strength", "eigenvector"])
def test_draws_count_partners_more_or_less(panel: nqp.Panel, kind) -> None:
    central = nqp.centrality(panel, kind)
    draws = central.draws(400, seed=1)
    assert draws.identical(central.draws(400, seed=1))
    assert (draws.std("index_draw") > 0.0).all()
    if kind != "eigenvector":
        error = (draws.mean("index_draw") - central.values.to_numpy()) / draws.std("index_draw")
        assert float(abs(error).max()) < 0.2


def test_eigenvectors_of_draws_count_partners_by_their_weights(panel: nqp.Panel) -> None:
    links, omega = nqp.centrality(panel, "eigenvector").links, np.array([2.0, 0.5, 1.0, 0.5])
    weights = nqp.centrality(panel).weights
    c = links.of(weights, omega)[:, 0]
    image = table() @ (omega * c)
    assert image / c == pytest.approx(np.full(4, (image / c)[0]))


def test_their_uncertainty_reaches_effects() -> None:
    made = nqp.simulation.network(nodes=24, periods=8, cohorts=(4, 6), seed=1)
    panel = made.panel.with_outcome(np.exp(0.3 * made.panel.outcome))
    strength = nqp.centrality(panel)
    cities = strength.panel()
    assert cities.n_units == 24
    assert cities.cohort_codes.max() == 5
    fit = nqp.fit_index(
        nqp.StaggeredDiD(nqp.CompletePooling()), cities, strength, draws=4, seed=1,
        sampler=nqp.Importance(draws=100), progress=False,
    )  # fmt: skip
    assert float(fit.record["index_between"]) > 0.0


def test_what_is_no_weight_is_refused(panel: nqp.Panel) -> None:
    with pytest.raises(PanelError, match="negative in 4 pairs"):
        nqp.centrality(panel.with_outcome(-panel.outcome))
    with pytest.raises(StudyError, match="eigenvector"):
        nqp.centrality(panel, "eigenvector", side="origin")
    with pytest.raises(StudyError, match="not pairs"):
        nqp.centrality(nqp.simulation.staggered(units=20, seed=1).panel)
    with pytest.raises(StudyError, match="'n' is 0"):
        nqp.centrality(panel).draws(0, seed=1)
