"""Limits of memory, time and file sizes, and environment variables to raise them.

A wrong year or a damaged file can require more memory than available. The needs of a step are
estimated before it is run; above a limit an error is raised, with a way to continue.
"""

from __future__ import annotations

import math
import os
from typing import Final

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message, separated

__all__ = ["LIMITS", "VARIABLE", "afford", "limit", "way_out"]

VARIABLE: Final = "BAYES_NQP_LIMITS"
"""Environment variable that raises limits: ``memory:64e9,periods:1e6``."""

LIMITS: Final[dict[str, int]] = {
    "memory": 16_000_000_000,
    "periods": 100_000,
    "columns": 20_000,
    "name": 1_000,
    "hours": 24,
    "kept": 4_000_000_000,
}
"""Bytes that reading a file, a fit or its draws may need (no more than the machine has); periods
of a panel; columns of a file; characters of a name; hours that sampling may take; bytes
of what runs keep for those after them."""


def limit(name: str) -> int:
    """Return a limit.

    Parameters
    ----------
    name : str
        A key of `LIMITS`.

    Raises
    ------
    StudyError
        If the environment variable is invalid.
    """
    raised = _raised()
    if name in raised:
        return raised[name]
    machine = _memory() if name == "memory" else None
    return LIMITS[name] if machine is None else min(LIMITS[name], machine)


def afford(memory: float, subject: str, hint: str, *, hours: float = 0.0) -> None:
    """Raise an error before allocation if a step exceeds the limits of memory or time.

    Parameters
    ----------
    memory : float
        Estimated bytes.
    subject : str
        Description of the step, with its size.
    hint : str
        Suggestion.
    hours : float, default 0
        Estimated hours.

    Raises
    ------
    StudyError
        With the estimate.
    """
    room, longest = limit("memory"), limit("hours")
    if memory > room:
        raise StudyError(
            Message("{} would need about {:,.1f} GiB of memory", subject, memory / 2**30),
            where=Message("the limit is {:,.1f} GiB", room / 2**30),
            hint=separated([hint, way_out("memory", memory)]),
        )
    if hours > longest:
        raise StudyError(
            Message("{} would need about {:,.0f} hours", subject, hours),
            where=Message("the limit is {} hours", longest),
            hint=separated([hint, way_out("hours", hours)]),
        )


def way_out(name: str, needed: float) -> Message:
    """Return the instruction to raise a limit, for the end of a hint.

    Parameters
    ----------
    needed : float
        Required value.
    """
    return Message(
        "to allow it, set the environment variable {} to {}:{}", VARIABLE, name, _written(needed)
    )


def _written(number: float) -> str:
    """Write a limit, rounded up."""
    digits = max(len(str(int(number))) - 2, 0)
    return str(math.ceil(number / 10**digits) * 10**digits)


def _raised() -> dict[str, int]:
    sizes: dict[str, int] = {}
    for part in os.environ.get(VARIABLE, "").replace(";", ",").split(","):
        if not part.strip():
            continue
        name, _, text = (x.strip() for x in part.replace("=", ":").partition(":"))
        if name not in LIMITS:
            raise StudyError(
                Message(
                    "the environment variable {} contains {!r}, which is not the name of a limit",
                    VARIABLE,
                    name,
                ),
                hint=nearest(name, LIMITS),
            )
        try:
            value = float(text)
            sizes[name] = int(value)
        except (ValueError, OverflowError) as error:
            raise StudyError(
                Message("the environment variable {} sets {!r} to {!r}", VARIABLE, name, text),
                hint=Message("use a number, such as {}:{}", name, _written(LIMITS[name])),
            ) from error
    return sizes


def _memory() -> int | None:
    """Return the bytes of memory of the machine, if the system reports them."""
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names or "SC_PAGE_SIZE" not in names:
        return None
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return size if size > 0 else None
