"""Under flat leads a cell is identified only through units that reach the reference period."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayes_nqp import IID, NoPooling, Panel, StaggeredDiD, identification

DESIGN = StaggeredDiD(NoPooling(varying=None), IID(), controls="never")
NEVER, ALL = np.nan, range(7)


def _support(units):
    rng = np.random.default_rng(0)
    rows = [(u, t, g, rng.normal()) for u, g, times in units for t in times]
    df = pd.DataFrame(rows, columns=["u", "t", "g", "y"])
    panel = Panel.from_frame(df, unit="u", time="t", cohort="g", outcome="y")
    found = identification(DESIGN, panel)
    return found[found["cohort"] == 4].set_index("time")["identified"]


COMMON = [("n1", NEVER, ALL), ("n2", NEVER, ALL), ("c", 2, ALL), ("d", 2, ALL)]


def test_complete_units():
    assert _support([*COMMON, ("a", 4, ALL)]).all()


def test_a_unit_seen_once():
    """Its only row is its unit effect, so it says nothing of the lead."""
    found = _support([*COMMON, ("a", 4, [2, 3, 4, 5, 6]), ("b", 4, [0])])
    assert not found[0]
    assert found[[2, 4, 5, 6]].all()


def test_units_that_do_not_reach_the_reference():
    """Unit b shares no cell with a, so nothing ties its effects to the reference."""
    found = _support([*COMMON, ("a", 4, [3, 4]), ("b", 4, [0, 1, 5])])
    assert found[4]
    assert not found[[0, 1, 5]].any()
