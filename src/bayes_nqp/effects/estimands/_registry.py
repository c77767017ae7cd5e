"""How a function from effects to draws becomes an estimand that studies and tables name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from inspect import signature
from typing import Any, Final

import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import NQPError, StudyError, nearest
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp._core.plugins import Plugins
from bayes_nqp._core.types import By
from bayes_nqp.effects.estimands._effects_of import effects_of


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """Something of effects that an estimand cannot do without.

    Parameters
    ----------
    met : callable
        Whether a fit, or a Dataset of the waist, offers it.
    reason : Message
        A clause for those that do not.
    """

    met: Callable[[Any], bool]
    reason: Message


@dataclass(frozen=True, slots=True, eq=False)
class Estimand:
    """An estimand by its name.

    Parameters
    ----------
    title : Message
        What it is called in tables.
    compute : callable
        From a fit or effects to draws; told ``by`` and ``weights`` where it takes them.
    unit : Message
        Of its numbers; empty where it is that of the outcome.
    needs : tuple of Offer
        What effects must offer.
    """

    name: str
    title: Message
    compute: Callable[..., xr.DataArray]
    unit: Message = NOTHING
    needs: tuple[Offer, ...] = ()

    def lack(self, fit_or_effects: object) -> Message:
        """Say what of its needs is missing; empty where nothing is."""
        return next((x.reason for x in self.needs if not x.met(fit_or_effects)), NOTHING)

    def __call__(
        self, fit_or_effects: object, by: By = None, weights: str = "rows"
    ) -> xr.DataArray:
        """Compute it draw by draw.

        Parameters
        ----------
        by : str, sequence of str or mapping, optional
            What to keep apart, as in `att`, if this estimand keeps anything apart.
        weights : str, default "rows"
            As in `att`, if it has any.

        Returns
        -------
        DataArray (chain, draw, ...)
            In the unit of the estimand.

        Raises
        ------
        StudyError
            If something of its needs is missing, or as its function does.
        """
        if lack := self.lack(fit_or_effects):
            raise StudyError(lack, hint="another estimand, or another design")
        taken = signature(self.compute).parameters
        options: dict[str, Any] = {"by": by, "weights": weights}
        return self.compute(fit_or_effects, **{k: x for k, x in options.items() if k in taken})


ESTIMANDS: Final = Plugins[Estimand]("bayes_nqp.effects.estimands")
"""Every estimand by name, in the order of tables."""


def estimand[F: Callable[..., xr.DataArray]](
    title: Message, *, unit: Message = NOTHING, place: float = 1000, needs: tuple[Offer, ...] = ()
) -> Callable[[F], F]:
    """Register a function as an estimand, named as the function is.

    Parameters
    ----------
    title : Message
        What it is called in tables.
    unit : Message, optional
        Of its numbers, where it is not that of the outcome.
    place : float, default 1000
        Where it stands among the others, from low to high.
    needs : tuple of Offer, default ()
        What effects must offer.

    Returns
    -------
    callable
        A decorator of a function from a fit or effects, and perhaps ``by`` and ``weights``, to
        draws (chain, draw, ...), each a function of that draw alone. The function stays as it is;
        an estimand replaces an earlier one of the same name and package.
    """

    def decorate(compute: F) -> F:
        name = compute.__name__
        ESTIMANDS.add(name, Estimand(name, title, compute, unit, needs), place, compute)
        return compute

    return decorate


def estimands_named(names: Iterable[str]) -> tuple[Estimand, ...]:
    """Find estimands by their names.

    Raises
    ------
    StudyError
        If there is none of a name.
    """
    names = tuple(names)
    for name in names:
        if name not in ESTIMANDS:
            raise StudyError(
                Message("'{}' contains {!r}, which is not an estimand", "estimands", name),
                hint=nearest(str(name), ESTIMANDS),
            )
    return tuple(ESTIMANDS[name] for name in names)


def computed(
    source: object, names: Iterable[str] | None, by: By, weights: str
) -> Iterator[tuple[Estimand, xr.DataArray | Message]]:
    """Compute estimands of a fit or effects; of one that cannot be, the reason.

    Parameters
    ----------
    names : iterable of str or None
        None for all that have what they need.

    Raises
    ------
    StudyError
        If there is none of a name.
    """
    every = ESTIMANDS.values() if names is None else estimands_named(names)
    for each in every:
        lack = each.lack(source)
        if by and "by" not in signature(each.compute).parameters:
            lack = lack or Message(
                "this estimand is not available by group; see the table of the whole sample"
            )
        if lack and names is None:
            continue
        try:
            yield each, lack or each(source, by, weights)
        except NQPError as error:
            yield each, Message("{}", error.what)


def _moderated(fit_or_effects: object) -> bool:
    if isinstance(fit_or_effects, xr.Dataset):
        return v.MODERATION in fit_or_effects
    return getattr(getattr(fit_or_effects, "facts", None), "moderator", None) is not None


EVENT_TIMES: Final[Offer] = Offer(
    lambda x: schema.is_timed(effects_of(x)),
    Message("a continuous exposure has no adoption date, so event time is not defined"),
)
"""A treatment that units adopt."""

MEDIATORS: Final[Offer] = Offer(
    lambda x: v.INDIRECT in schema.path_roles(effects_of(x)).values(),
    Message("the fitted model has no mediators"),
)
"""Mediators with equations of their own."""

MODERATOR: Final[Offer] = Offer(_moderated, Message("the design has no moderator"))
"""A column that shifts effects."""

OUTCOMES: Final[Offer] = Offer(
    lambda x: v.OBSERVED in effects_of(x),
    Message("these effects do not contain the observed outcome"),
)
"""The mean observed outcome of every cell."""

OWN_SCALE: Final[Offer] = Offer(
    lambda x: schema.link_of(effects_of(x)) == v.IDENTITY,
    Message("effects are on the scale of the link function, not of the outcome"),
)
"""Effects in units of the outcome."""

SPILLOVERS: Final[Offer] = Offer(
    lambda x: v.RECEIVED in effects_of(x)[v.PATH],
    Message("these effects do not include spillovers"),
)
"""A path of what units receive of the treatment of others."""
