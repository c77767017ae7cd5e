"""Workbooks that nobody chose: each is read as its own panel, or a question is asked about it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fuzzing import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from seeded_books import fate_of, seeded_book


def test_a_workbook_is_never_read_as_another_panel() -> None:
    tally = Tally("workbooks")

    @settings(max_examples=4)
    @given(st.integers(0, 10**9))
    def read_or_asked(seed: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            tally.count(fate_of(seeded_book(Path(folder), seed)))

    read_or_asked()
    tally.require("runs", 0.1)
