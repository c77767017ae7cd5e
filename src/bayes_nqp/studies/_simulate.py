"""From [data] simulation and [data.options] to a panel with known true effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from inspect import isfunction, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.exceptions import StudyError, brief, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import annotations_of, parts_of
from bayes_nqp.data import simulation
from bayes_nqp.studies._decode import check_keys, check_kinds, stated_in, value_of, with_values
from bayes_nqp.studies._plugins import values_of
from bayes_nqp.studies._study_table import StudyTable

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.data.simulation import Simulated


_CHANNELS = "mediators"
"""The option whose tables are mediators."""
_SPILLOVER = "spillover"
"""The option whose table is a `Spillover`."""


def simulations() -> dict[str, Callable[..., Simulated]]:
    """Return the names of the simulations that a study can use."""
    members = {name: getattr(simulation, name) for name in simulation.__all__}
    return {
        name: make
        for name, make in members.items()
        if isfunction(make) and signature(make).return_annotation == "Simulated"
    }


def simulate(
    name: str, options: Mapping[str, Any], tables: Mapping[str, StudyTable], folder: Path
) -> Simulated:
    """Simulate a panel.

    Parameters
    ----------
    name : str
        Name of a function of `nqp.simulation`.
    options : mapping
        Arguments of the function.
    tables : mapping of str to StudyTable
        Tables whose values a spillover may name.
    folder : Path
        Folder of the study.

    Raises
    ------
    StudyError
        If the simulation or an option does not exist, or a value is out of range.
    """
    makers = simulations()
    if name not in makers:
        raise StudyError(Message("'data.simulation' is {!r}", name), hint=nearest(name, makers))
    arguments = list(signature(makers[name]).parameters)
    check_keys(options, arguments, "[data.options]")
    check_kinds(options, annotations_of(makers[name]), "data.options")
    values = {key: _channels(x) if key == _CHANNELS else x for key, x in options.items()}
    with stated_in("data.options", options):
        taken = parts_of(annotations_of(makers[name]).get(_SPILLOVER, Any))
        if _SPILLOVER in values and any(kind is simulation.Spillover for kind, _ in taken):
            values = _with_spillover(makers[name], values, tables, folder)
        return makers[name](**values)


def _with_spillover(
    make: Callable[..., Simulated],
    values: Mapping[str, Any],
    tables: Mapping[str, StudyTable],
    folder: Path,
) -> dict[str, Any]:
    """Decode a table of spillovers; weights that it names are those of the same places."""
    table, place = values[_SPILLOVER], f"data.options.{_SPILLOVER}"
    if not isinstance(table, Mapping):
        raise StudyError(
            Message("'{}' is {}", place, brief(table)), hint=Message("write a table [{}]", place)
        )
    valued = with_values(table, values_of(tables), place)
    alike = value_of(simulation.Spillover, valued, place)
    if valued == table:
        return {**values, _SPILLOVER: alike}
    nothing = simulation.Spillover(_Nobody(alike.exposure.rings), (0.0,) * len(alike.untreated))
    panel = make(**{**values, _SPILLOVER: nothing}).panel
    table = with_values(table, values_of(tables, panel, folder), place)
    return {**values, _SPILLOVER: value_of(simulation.Spillover, table, place)}


@dataclass(frozen=True)
class _Nobody:
    """Exposure of no units, so that places can be simulated before the weights exist.

    Parameters
    ----------
    rings : tuple of str
        Labels of distance bands.
    """

    rings: tuple[str, ...]

    def since(self, panel: Panel) -> npt.NDArray[np.int64]:
        """Return "never" for every unit and distance band (unit, ring)."""
        return np.full((panel.unit_labels.size, len(self.rings)), panel.periods)


def _channels(tables: Any) -> Any:
    """Decode tables of mediators."""
    if not isinstance(tables, Mapping):
        return tables
    arguments = [field.name for field in fields(simulation.Channel)]
    channels_made = {}
    for name, table in tables.items():
        place = f"data.options.mediators.{name}"
        if not isinstance(table, Mapping):
            raise StudyError(
                Message("'{}' is {}", place, brief(table)),
                hint=Message("write a table [{}]", place),
            )
        check_keys(table, arguments, f"[{place}]")
        check_kinds(table, annotations_of(simulation.Channel), place)
        channels_made[str(name)] = simulation.Channel(**table)
    return channels_made
