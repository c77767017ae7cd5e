"""One stream of random numbers for every part of a simulation."""

from __future__ import annotations

import secrets
from numbers import Integral
from zlib import crc32

import numpy as np

from bayes_nqp.errors import StudyError


def seeded(seed: object) -> int:
    """Take a seed as it is, or one at random.

    Raises
    ------
    StudyError
        If it is no whole number from 0 on.
    """
    if seed is None:
        return secrets.randbits(31)
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise StudyError(f"'seed' is {seed!r}", hint="a whole number from 0 on")
    return int(seed)


def stream(seed: int, *names: str) -> np.random.Generator:
    """Give a part its own stream, whatever other parts draw.

    Parameters
    ----------
    *names : str
        Of the part.
    """
    return np.random.default_rng([seed, *(crc32(name.encode("utf-8")) for name in names)])
