"""Cells of neighbours, in a design that a test defines: untreated units near treated ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.plugins import register
from bayes_nqp.effects.estimands import average_of
from bayes_nqp.model.designs import Calendar, EquationSpec, Facts, Neighbours, Noise, SingleEquation
from bayes_nqp.model.pooling import CompletePooling, Pooling
from bayes_nqp.model.predictors import NEIGHBOUR

OWN, RECEIVED, UNITS, PERIODS = 1.0, 0.6, 90, 8


@register("design")
@dataclass(frozen=True, slots=True)
class Beside(SingleEquation):
    """Units of a pair: once one of them adopts, the other receives something.

    Parameters
    ----------
    pair : str
        The column that names pairs.
    effect : Pooling
        How effects share strength, own and received alike.
    errors : Noise
        Of the rows of a unit.
    """

    pair: str = "pair"
    effect: Pooling = field(default_factory=CompletePooling)
    errors: Noise = field(default_factory=nqp.IID)

    @property
    def facts(self) -> Facts:
        """What it assumes."""
        return Facts("adoption", self.effect, self.errors, nqp.TimeEffects(), spillovers="exposure")

    def timing(self, panel: nqp.Panel) -> Calendar:
        """Treat from adoption on; before, count from the adoption of the other of the pair."""
        own = np.where(panel.cohort_codes < 0, panel.periods, panel.cohort_codes)
        pair = panel.frame.groupby(panel.unit_codes)[self.pair].first().to_numpy()
        other = np.array([own[(pair == p) & (np.arange(pair.size) != i)].min(initial=panel.periods)
                          for i, p in enumerate(pair)])  # fmt: skip
        (dates, key) = np.unique(np.stack([own, other], axis=1), axis=0, return_inverse=True)
        time, calendar = np.arange(panel.periods), Calendar.of_adoption(panel)
        role = calendar.role[np.zeros(len(dates), dtype=int)] * 0
        origin = np.full(role.shape, -1)
        for k, (first, near) in enumerate(dates):
            role[k, time >= near], origin[k, time >= near] = NEIGHBOUR, near
            role[k, time >= first], origin[k, time >= first] = 1, first
        ring = np.where(dates[:, 1] < panel.periods, "near", "far")
        return Calendar(key.ravel(), origin, role, {"ring": ring})

    def equation(self, panel: nqp.Panel) -> EquationSpec:
        """Let what neighbours receive share strength too."""
        near = Neighbours(self.effect, self.facts.strata(panel))
        return replace(self.facts.equation(panel), neighbours=near)


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    """Pairs of which one adopts and one does not, and units without a pair."""
    rng, rows = np.random.default_rng(2), []
    for i in range(UNITS):
        kind, pair = i % 3, i // 3
        adoption = (3 + pair % 3) if kind == 0 else None
        received = (3 + pair % 3) if kind == 1 else PERIODS
        level = rng.normal()
        for t in range(PERIODS):
            effect = OWN * (adoption is not None and t >= adoption) + RECEIVED * (t >= received)
            rows.append((f"u{i}", t, adoption, f"p{pair}" if kind < 2 else f"alone{i}",
                         level + 0.1 * t + effect + 0.4 * rng.normal()))  # fmt: skip
    frame = pd.DataFrame(rows, columns=["unit", "time", "cohort", "pair", "y"])
    return nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")


@pytest.fixture(scope="module")
def fit(panel: nqp.Panel) -> nqp.Fit:
    """Its fit."""
    return nqp.fit(Beside(), panel, nqp.Importance(seed=1), progress=False)


@pytest.mark.slow
def test_neighbours_have_cells_of_their_own(fit: nqp.Fit) -> None:
    effects = nqp.group_time_effects(fit)
    roles = schema.roles(effects)
    assert schema.path_roles(effects) == {"total": "total", "received": "spillover"}
    assert effects.attrs["scale"] == "outcome units"
    assert set(roles) == {"treated", "neighbour"}
    assert effects["ring"].to_numpy()[roles == "neighbour"].tolist() == ["near"] * sum(
        roles == "neighbour"
    )
    received = effects["effect"].sel(path="received")
    assert not received.to_numpy()[..., roles == "treated"].any()
    # Every cell of a neighbour has as many rows as the cell of the treated unit beside it.
    rows = effects["rows"].to_numpy()
    assert rows[roles == "neighbour"].sum() == rows[roles == "treated"].sum()


@pytest.mark.slow
def test_own_and_received_effects_are_recovered(fit: nqp.Fit) -> None:
    assert fit.gate.passed
    own = nqp.att(fit)
    assert float(own.mean()) == pytest.approx(OWN, abs=3 * float(own.std()))
    near = average_of(nqp.group_time_effects(fit), None, "rows", None, "neighbour")
    received = near.of_effects(nqp.group_time_effects(fit), "received")
    assert float(received.mean()) == pytest.approx(RECEIVED, abs=3 * float(received.std()))
    assert float(received.std()) < 0.15


@pytest.mark.slow
def test_without_them_the_effect_is_biased(fit: nqp.Fit, panel: nqp.Panel) -> None:
    design = nqp.StaggeredDiD(CompletePooling(), nqp.IID(), time=nqp.TimeEffects())
    plain = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    assert float(nqp.att(plain).mean()) < float(nqp.att(fit).mean()) - 0.15


@pytest.mark.slow
def test_it_is_exactly_dense(fit: nqp.Fit, panel: nqp.Panel) -> None:
    """Flat effects of all cells are least squares on unit, time and cell dummies."""
    design = Beside(effect=nqp.NoPooling(varying=None))
    effects = nqp.posterior_mean(design, panel)
    own = panel.frame.set_index(["unit", "time"])["cohort"]
    mates = panel.frame.groupby(["pair", "time"])["cohort"].transform("min")
    frame = panel.frame.assign(near=mates.where(own.isna().to_numpy()))
    cells = []
    for name, origin in (("treated", frame["cohort"]), ("neighbour", frame["near"])):
        inside = origin.notna() & (frame["time"] >= origin)
        cells.append(pd.Series(name, frame.index).where(inside).str.cat(
            [origin.map("{:.0f}".format), frame["time"].astype(str)], sep=" "))  # fmt: skip
    cell = cells[0].fillna(cells[1])
    dummies = [pd.get_dummies(x, dtype=float) for x in (frame["unit"], frame["time"], cell)]
    x = pd.concat([dummies[0], dummies[1].iloc[:, 1:], dummies[2]], axis=1)
    flat = np.linalg.lstsq(x.to_numpy(), frame["y"].to_numpy(), rcond=None)[0]
    expected = dict(zip(x.columns, flat, strict=True))
    labels = [
        f"{role} {cohort:.0f} {time}"
        for role, cohort, time in zip(
            schema.roles(effects), effects["cohort"].to_numpy(), effects["time"].to_numpy(),
            strict=True,
        )
    ]  # fmt: skip
    ours = effects["effect"].sel(path="total").to_numpy().ravel()
    assert ours == pytest.approx([expected[label] for label in labels], abs=1e-8)


def test_it_is_saved_and_read(fit: nqp.Fit, tmp_path: Path) -> None:
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert schema.roles(again.effects).tolist() == schema.roles(fit.effects).tolist()
    assert float(nqp.att(again).mean()) == float(nqp.att(fit).mean())
