"""Distance bands around treated units: effects by distance to the nearest one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Natural, Positive
from bayes_nqp._core.validation import value
from bayes_nqp.data.spatial_weights import Locations, cities_of, places_apart
from bayes_nqp.space.terms._spillover import RingTerm, rising

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@value("spillovers")
class Rings(RingTerm):
    """Spillover effects of the nearest other treated unit, by distance and exposure time.

    A unit is exposed once another unit within the last band is treated. Its exposure cohort is
    the first period with a treated unit in that band or nearer, and exposure time counts from it.
    Each band has a separate time path of effects. Observations beyond the last band are the
    controls.

    Parameters
    ----------
    km : sequence of float, kilometres
        Outer bounds of the distance bands, increasing.
    onto : sequence of {"untreated", "treated"}, default both
        Units with spillover effects. Without treated ones, only the total of direct and spillover
        effects is valid for treated units, and only the total is reported.
    leads : int, default 0
        Number of periods before exposure, from two periods before it back, with separate flat
        effects, which should be zero.
    longitude, latitude : str
        Columns of the panel, in degrees.
    city : str, optional
        Column with the city of each unit if units are firms. Firms are exposed to other treated
        cities; a city is treated from the first adoption of one of its units.

    Raises
    ------
    StudyError
        If an argument is not one of those above.

    References
    ----------
    Butts, K. (2023). Difference-in-differences estimation with spatial spillovers.
    arXiv:2105.03737.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.Rings([100, 200, 300])
    >>> design = nqp.StaggeredDiD(spillovers=near)
    >>> near.rings
    ('0–100 km', '100–200 km', '200–300 km')
    """

    km: Sequence[float]
    onto: str | Sequence[str] = ("untreated", "treated")
    leads: Natural = 0
    longitude: str = "longitude"
    latitude: str = "latitude"
    city: str | None = None

    def __post_init__(self) -> None:
        hint = "outer bounds in kilometres that rise, such as [100, 200, 300]"
        bounds = rising(self.km, "km", last=np.inf, hint=hint)
        if bounds[0] <= 0.0:
            raise StudyError(Message("'{}' is {!r}", "km", self.km), hint=hint)
        object.__setattr__(self, "km", bounds)
        self._check_onto()

    @property
    def rings(self) -> tuple[str, ...]:
        """Labels of the rings, from the nearest on."""
        return tuple(f"{a:g}–{b:g} km" for a, b in zip((0.0, *self.km), self.km, strict=False))

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the term in the methods section of a report."""
        return self._exposed_words(
            Message("by great-circle distance to the nearest other treated unit")
        )

    def since(self, panel: Panel) -> Index:
        """Return the period from which a unit is in each band or nearer (unit, ring)."""
        places = places_apart(panel, self.longitude, self.latitude, self.city)
        labels, of_unit = cities_of(panel, self.city)
        row, column, km = _near(places, self.km[-1])
        first = np.full((len(labels), len(self.km)), panel.periods, dtype=np.int64)
        adoption = np.full(len(labels), panel.periods, dtype=np.int64)
        date = np.where(panel.cohort_codes < 0, panel.periods, panel.cohort_codes)
        np.minimum.at(adoption, of_unit, date)
        for ring, bound in enumerate(self.km):
            inside = km <= bound
            np.minimum.at(first[:, ring], row[inside], adoption[column[inside]])
        return first[of_unit]


@lru_cache(maxsize=4)
def _near(places: Locations, km: float) -> tuple[Index, Index, Array]:
    """Pairs of places up to a distance, and how far apart these are, once for all adoptions."""
    near = places.within(km).tocoo()
    return near.row, near.col, near.data


@value("spillovers")
class Donut(RingTerm):
    """Leave out untreated observations near treated units.

    Observations are left out, not units: a unit that adopts later is exposed before it adopts, and
    its observations before that exposure are valid controls. The estimate is the effect of the
    policy and of treated neighbours together.

    Parameters
    ----------
    km : float, kilometres
        Distance to another treated unit within which an observation is no valid control.
    longitude, latitude : str
        Columns of the panel, in degrees.
    city : str, optional
        As in `Rings`.

    Raises
    ------
    StudyError
        If an argument is not one of those above.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.Donut(km=200)
    >>> design = nqp.StaggeredDiD(spillovers=near)
    >>> near.rings
    ('0–200 km',)
    """

    km: Positive
    longitude: str = "longitude"
    latitude: str = "latitude"
    city: str | None = None

    role = "donut"
    drops_rows = True
    onto = ("untreated",)
    leads = 0

    @property
    def rings(self) -> tuple[str, ...]:
        """One ring."""
        return (f"0–{self.km:g} km",)

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the term in the methods section of a report."""
        return Message(
            "Untreated observations within {:g} km of another treated unit are left out, "
            "because the policy may affect them; the effect includes spillovers between "
            "treated units.",
            self.km,
        )

    def since(self, panel: Panel) -> Index:
        """Return the period from which another treated unit is within the distance (unit, 1)."""
        ring = Rings(
            (self.km,), longitude=self.longitude, latitude=self.latitude, city=self.city
        )  # fmt: skip
        return ring.since(panel)
