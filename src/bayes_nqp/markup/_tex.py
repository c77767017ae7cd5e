"""Text as LaTeX prints it."""

from __future__ import annotations

import re
from itertools import chain, zip_longest


class Tex(str):
    """LaTeX that is to be set as it stands."""

    __slots__ = ()


_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "−": r"$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "ρ": r"$\rho$",
    "σ": r"$\sigma$",
    "τ": r"$\tau$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "λ": r"$\lambda$",
    "μ": r"$\mu$",
    "θ": r"$\theta$",
    "[": "{[}",
    "]": "{]}",
    "–": "--",
    "\u00a0": "~",
}
"""Brackets too: at the start of a row they would be an option of the line break before it."""
_RAISED = re.compile("([⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_LOWERED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")


def escaped(text: str) -> Tex:
    """Write a text so that LaTeX prints it as it is."""
    pieces = _RAISED.split(text)
    plain = ("".join(_SPECIAL.get(c, c) for c in piece) for piece in pieces[::2])
    raised = (f"$^{{{piece.translate(_LOWERED)}}}$" for piece in pieces[1::2])
    return Tex("".join(chain.from_iterable(zip_longest(plain, raised, fillvalue=""))))
