"""Outcomes that are logarithms by their name."""

from __future__ import annotations

import re
from typing import Final

_LOGARITHM: Final = re.compile(
    r"^(?:[Ll]n|LN)|^(?:[Ll]og|LOG)(?:[_ .(（]|(?=[A-Z]))|^l_|[Ll]ogarithm|对数"
)
"""ln_exports, lnGDP, log exports, log(y), l_homicide, 出口额对数; logistics is none."""


def named_logarithm(name: object) -> bool:
    """Return True if the name of a column states that it is a logarithm.

    Parameters
    ----------
    name : object
        Name of the outcome, such as "ln_exports" or "出口额（对数）".
    """
    return bool(_LOGARITHM.search(str(name)))
