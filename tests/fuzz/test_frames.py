"""Any frame is a panel or is refused in words; one that is a panel is never refused."""

from __future__ import annotations

import pandas as pd
from fuzzing import Tally, assert_worded
from hypothesis import given, settings
from hypothesis import strategies as st
from random_frames import ROLES, plain_frames, spoilt_frames, written_frames

from bayes_nqp._core.exceptions import IdentificationError, PanelError
from bayes_nqp.data.panel import Panel


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


def test_a_spoilt_panel_is_refused_in_words_or_still_one() -> None:
    tally = Tally("spoilt frames")

    @settings(max_examples=120)
    @given(st.data(), plain_frames())
    def worded(data: st.DataObject, df: pd.DataFrame) -> None:
        spoilt, roles = data.draw(spoilt_frames(df))
        before = spoilt.copy()
        try:
            panel = Panel.from_frame(spoilt, **roles)
        except (PanelError, IdentificationError) as error:
            assert_worded(error)
            tally.count("refused")
        else:
            repr(panel).encode()
            again = Panel.from_frame(panel.frame, **panel.arguments)
            assert again.digest == panel.digest
            tally.count("still a panel")
        assert spoilt.shape == before.shape
        assert list(spoilt.columns) == list(before.columns)

    worded()
    tally.require("refused", 0.2)
    tally.require("still a panel", 0.02)
