"""What a design can do and what it assumes: all that other rooms ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bayes_nqp.designs.noise import Noise
from bayes_nqp.pooling import Pooling
from bayes_nqp.terms import TimeEffects

__all__ = ["Facts"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Capabilities and assumptions of a design, which take the place of its class.

    Parameters
    ----------
    timing : {"adoption", "dose"}
        Whether units adopt a treatment at some time, or are exposed to more or less of it.
    pooling : Pooling
        How effects share strength, and what has its own deviation.
    noise : Noise
        Errors of every equation.
    time : TimeEffects or None
        As the design states them; None where they follow the strata of its effects.
    compresses : bool, default True
        Whether rows can be summed up, so that refits are quick.
    moderator : str or None, default None
        What shifts effects.
    channels : bool, default False
        Whether effects pass through mediators.
    joined : bool, default False
        Whether equations are drawn together, since what deviates in one does so in another.
    lag : int, default 0, periods
        By which mediators come before the outcome.
    anticipation : int, default 0, periods
        By which effects may come before adoption.
    """

    timing: Literal["adoption", "dose"]
    pooling: Pooling
    noise: Noise
    time: TimeEffects | None
    compresses: bool = True
    moderator: str | None = None
    channels: bool = False
    joined: bool = False
    lag: int = 0
    anticipation: int = 0

    @property
    def adopted(self) -> bool:
        """Whether units adopt the treatment, so that there are cohorts and rows before it."""
        return self.timing == "adoption"
