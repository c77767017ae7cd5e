"""Numbers in what checks say are set as in print, in both languages."""

import pytest

from bayes_nqp.checks._said import Said, typeset


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("moves by -1.9 sd", "moves by −1.9 sd"),
        ("[-.5, 2.1e-05]", "[−.5, 2.1×10⁻⁵]"),
        ("1.5e+12 in all", "1.5×10¹² in all"),
        ("a 95 % interval", "a 95% interval"),
        ("2015-07-24, AR(1)-noise, pre-2015", "2015-07-24, AR(1)-noise, pre-2015"),
    ],
)  # fmt: skip
def test_typeset(text: str, wanted: str) -> None:
    made = typeset(Said(text, f"为 {text}"))
    assert made == wanted
    assert made.zh == f"为 {wanted}"
