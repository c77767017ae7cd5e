"""Any frame is a panel or is refused in words; one that is a panel is never refused."""

from __future__ import annotations

import pandas as pd
from fuzzing import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from random_frames import ROLES, plain_frames, written_frames

from bayes_nqp.panel import Panel


def test_a_valid_panel_is_taken_however_it_is_written() -> None:
    tally = Tally("valid frames")

    @settings(max_examples=60)
    @given(st.data(), plain_frames())
    def taken(data: st.DataObject, df: pd.DataFrame) -> None:
        plain = Panel.from_frame(df, **ROLES)
        written = Panel.from_frame(data.draw(written_frames(df)), **ROLES)
        assert written.digest == plain.digest
        tally.count("valid and accepted")

    taken()
    tally.require("valid and accepted", 1)
