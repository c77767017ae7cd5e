"""The map from coefficients to effects of cells and members, beside a loop over rows."""

from __future__ import annotations

import numpy as np
import pytest
from doors import recovered

import bayes_nqp as nqp
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.model_frame import model_frame_of


def panel_of() -> nqp.Panel:
    """Cities of units of either region, a moderator that moves, and rows that are missing."""
    generator = np.random.default_rng(3)
    panel = staggered(units=45, periods=7, cohorts=(3, 5), never=0.3, seed=3).panel
    z = generator.normal(5, 1, panel.n_units)[panel.unit_codes]
    frame = panel.frame.assign(z=z + generator.normal(size=panel.n_rows))
    frame["city"] = "c" + (panel.unit_codes // 3).astype(str).astype(object)
    frame = frame[generator.uniform(size=len(frame)) > 0.15]
    return nqp.Panel.from_frame(frame, **{**panel.arguments, "moderators": ["z"]})


PANEL = panel_of()


@pytest.mark.parametrize("controls", ["all", "never"])
@pytest.mark.parametrize("moderator", [None, "z"])
@pytest.mark.parametrize("varying", [None, "unit", "city"])
def test_effects_are_means_over_rows(
    varying: str | None, moderator: str | None, controls: str
) -> None:
    """``mu_c + theta_s z_r + u_m`` of every treated row, by cell and by member."""
    design = nqp.StaggeredDiD(
        nqp.PartialPooling(["region"], varying=varying), nqp.IID(), moderator=moderator,
        controls=controls, time=nqp.TimeEffects(), unidentified="drop",
    )  # fmt: skip
    model_frame = model_frame_of(design, PANEL)
    (equation,), effects, frame = model_frame.equations, model_frame.effects, model_frame.codes
    generator = np.random.default_rng(1)
    points = 0.3 * generator.normal(size=(4, len(equation.problem.parameter_names)))
    found = recovered(model_frame, equation, points, generator)
    members = list(effects.labels)
    cells: dict[int, list[np.ndarray]] = {}
    owned: dict[int, list[np.ndarray]] = {}
    for row in np.flatnonzero(model_frame.kept & (model_frame.cell_of_row >= 0)):
        unit = frame.unit[row]
        shift, own = np.zeros(4), np.zeros(4)
        if frame.treated[row]:
            member = members.index(str(frame.unit_effect_labels[frame.unit_effect[unit]]))
            if moderator is not None:
                (theta,) = found.slopes.values()
                shift = theta[:, frame.stratum[unit]] * model_frame.moderator.values[row]
            if varying is not None:
                # Deviations are kept with the mean moderator of their member's rows.
                mean = effects.of_unit_effects(
                    np.zeros((4, len(members))), theta if moderator else None
                )
                own = found.deviation[:, member] - mean[:, member]
            owned.setdefault(member, []).append(shift + own)
        cells.setdefault(model_frame.cell_of_row[row], []).append(shift + own)
    for cell, extra in cells.items():
        expected = found.cell_mean[:, cell] + np.mean(extra, axis=0)
        np.testing.assert_allclose(found.cell_effect[:, cell], expected, atol=1e-10)
    if varying is not None:
        expected = np.stack([np.mean(owned[k], axis=0) for k in range(len(members))], axis=1)
        np.testing.assert_allclose(found.deviation, expected, atol=1e-10)


def test_rows_have_what_their_member_has_beyond_the_cell() -> None:
    model_frame = model_frame_of(
        nqp.StaggeredDiD(nqp.PartialPooling(varying="city"), unidentified="drop"), PANEL
    )
    effects = model_frame.effects
    deviation = np.random.default_rng(2).normal(size=effects.codes.size)
    ours = effects.beyond_cells(deviation)
    for k, cell in enumerate(effects.cell):
        mean = np.mean([deviation[m] for m in effects.unit_effect[effects.cell == cell]])
        assert ours[k] == pytest.approx(deviation[effects.unit_effect[k]] - mean, abs=1e-12)
