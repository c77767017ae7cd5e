"""Mediators used in the literature, with their simulated effects.

Effects are on the scale of the innovations of mediator and productivity, each with SD 1. They are
chosen, not estimated; see docs/datasets.md for evidence on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp.data.simulation._constants import Constants
from bayes_nqp.data.simulation._mediated import Channel

CATALOGUE: Final[Mapping[str, Channel]] = Constants(
    {
        "digital": Channel(0.5, 0.12, 0.25, rho=0.7),
        "finance": Channel(-0.4, -0.06, -0.20, rho=0.7),
        "absorption": Channel(0.35, 0.08, 0.20, rho=0.6),
        "integration": Channel(0.45, 0.10, 0.20, rho=0.7),
        "innovation": Channel(0.5, 0.10, 0.30, rho=0.55),
        "breakthrough": Channel(0.4, 0.10, 0.25, rho=0.55),
        "transformation": Channel(0.35, 0.08, 0.20, rho=0.7),
        "upgrading": Channel(0.3, 0.08, 0.20, rho=0.7),
        "allocation": Channel(0.3, 0.06, 0.20, rho=0.7),
        "combination": Channel(0.3, 0.06, 0.20, rho=0.7),
        "exports": Channel(0.6, 0.05, 0.15, rho=0.8),
        "agglomeration": Channel(0.25, 0.05, 0.15, rho=0.8),
        "conversion": Channel(0.4, 0.08, 0.25, rho=0.55),
        "digital_trade": Channel(0.5, 0.10, 0.25, rho=0.7),
    }
)
"""Effects of the policy on each mediator, and of each mediator on productivity."""


def chosen(mediators: Iterable[str] | Mapping[str, Channel]) -> dict[str, Channel]:
    """Look up mediators in the catalogue.

    Parameters
    ----------
    mediators : iterable of str or mapping of str to Channel
        Names, or user-defined channels.

    Raises
    ------
    StudyError
        If a name is not in the catalogue or duplicated, or a value is not a Channel.
    """
    if isinstance(mediators, Mapping):
        for name, channel in mediators.items():
            if not isinstance(channel, Channel):
                raise StudyError(
                    f"'mediators' {name!r} is {channel!r}", hint="simulation.Channel(level=0.6)"
                )
        return dict(mediators)
    names = [mediators] if isinstance(mediators, str) else list(mediators)
    for name in names:
        if name not in CATALOGUE:
            raise StudyError(
                f"'mediators' contains {name!r}, which is not in the catalogue",
                hint=f"{nearest(str(name), CATALOGUE)} Or a mapping: "
                "{'mine': simulation.Channel(level=0.6)}",
            )
    if len(set(names)) != len(names):
        raise StudyError(
            f"'mediators' contains a duplicate: {names!r}", hint="list each of them once"
        )
    return {name: CATALOGUE[name] for name in names}
