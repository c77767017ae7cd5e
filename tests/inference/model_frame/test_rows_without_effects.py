"""Rows whose effects the data do not identify are named by their units, and left out on request."""

from __future__ import annotations

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.simulation import staggered


@pytest.fixture(scope="module")
def whole() -> nqp.Panel:
    return staggered(units=30, periods=8, cohorts=(4, 6), never=0.4, seed=2).panel


def entrant(panel: nqp.Panel) -> tuple[nqp.Panel, str]:
    """One unit of the first cohort is seen from its adoption on only."""
    first = panel.cohort_codes[panel.cohort_codes >= 0].min()
    unit = str(panel.unit_labels[np.flatnonzero(panel.cohort_codes == first)[0]])
    late = (panel.unit_labels[panel.unit_codes] != unit) | (panel.time_codes >= first)
    return panel.where(late), unit


def test_a_unit_without_an_untreated_row_is_named(whole: nqp.Panel) -> None:
    panel, unit = entrant(whole)
    with pytest.raises(IdentificationError) as refused:
        nqp.fit(nqp.StaggeredDiD(), panel, progress=False)
    said = str(refused.value)
    rows = int((panel.unit_labels[panel.unit_codes] == unit).sum())
    reached = int((panel.cohort_codes[panel.unit_codes] >= 0)[_treated(panel)].sum())
    assert f"{rows} of {reached} observations affected by the policy" in said
    assert f"without an untreated observation ({unit})" in said
    assert "unidentified='drop'" in said


@pytest.mark.slow
def test_its_rows_are_left_out_and_said_in_both_languages(whole: nqp.Panel) -> None:
    panel, unit = entrant(whole)
    fit = nqp.fit(nqp.StaggeredDiD(unidentified="drop"), panel, nqp.Importance(seed=1))
    (note,) = fit.notes
    assert isinstance(note, Message)
    assert unit in note
    assert "无" in note.in_("zh") or "没有" in note.in_("zh")
    without = panel.where(panel.unit_labels[panel.unit_codes] != unit)
    other = nqp.fit(nqp.StaggeredDiD(), without, nqp.Importance(seed=1))
    assert float(nqp.att(fit).mean()) == pytest.approx(float(nqp.att(other).mean()), abs=0.05)


def test_a_column_of_who_is_treated_is_no_column_of_when(whole: nqp.Panel) -> None:
    frame = whole.frame.assign(ever=(whole.cohort_codes[whole.unit_codes] >= 0).astype(int))
    roles = {name: whole.arguments[name] for name in ("unit", "time", "outcome")}
    panel = nqp.Panel.from_frame(frame, **roles, treated="ever")
    with pytest.raises(IdentificationError, match="give the first treated period") as refused:
        nqp.fit(nqp.StaggeredDiD(), panel, progress=False)
    assert "drop" not in str(refused.value)


def _treated(panel: nqp.Panel) -> np.ndarray:
    cohort = panel.cohort_codes[panel.unit_codes]
    return (cohort >= 0) & (panel.time_codes >= cohort)


def test_cells_that_others_identify_are_not_lost(whole: nqp.Panel) -> None:
    panel, _ = entrant(whole)
    design = nqp.StaggeredDiD(unidentified="drop")
    table = nqp.identification(design, panel)
    assert table["identified"].all()
    assert (table["identifying"] < table["rows"]).any()
    fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    found = nqp.check(fit, "identification", progress=False)
    apart = int((table["rows"] - table["identifying"]).sum())
    assert f"{apart} of {table['rows'].sum()} treated observations" in found.sentence
    assert found.verdict == ("caution" if apart > 0.05 * table["rows"].sum() else "passed")
