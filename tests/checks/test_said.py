"""Numbers in what checks say are set as in print, in both languages; names stay as they are."""

import numpy as np
import pytest
from doors import said


@pytest.mark.parametrize(
    ("template", "value", "wanted"),
    [
        ("moves by {:+.1f} sd", -1.94, "moves by −1.9 sd"),
        ("[{:.2g}]", np.float64(2.14e-05), "[2.1×10⁻⁵]"),
        ("{:.2g} in all", 1.5e12, "1.5×10¹² in all"),
        ("event time {}", -1, "event time −1"),
        ("without {}", "P -107", "without P -107"),
        ("without {}", "50%-100%", "without 50%-100%"),
        ("without {!s}", "B1e-3", "without B1e-3"),
        ("{:.0%} of it", -0.05, "−5% of it"),
    ],
)
def test_numbers_are_typeset_and_names_are_not(template: str, value: object, wanted: str) -> None:
    made = said(template, f"为 {template}", value)
    assert made == wanted
    assert made.zh.replace(" ", "") == f"为{wanted}".replace(" ", "")
