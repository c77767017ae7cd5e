"""Locations of units in a proposed study."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.column_inference import Guess
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.spatial_weights import coordinate, located, locations_of
from bayes_nqp.space.studies._space_places import degrees_of
from bayes_nqp.studies.extending import comment, toml_text

_MOST: Final = 0.5
"""Minimum share of units that are prefectures for places to be offered."""
_LOCATED: Final = Message("checks of spatial neighbours and maps use the coordinates in {} and {}")
_BROKEN: Final = Message("{}; first correct this: {}")
_PLACES: Final = Message(
    "{} contains prefectures or provinces; checks of spatial neighbours and maps use "
    "their coordinates"
)
_OFFERED: Final = Message(
    "{} contains prefectures or provinces, except {}. Exclude these units and delete the "
    "# to use the coordinates of places in checks of spatial neighbours and in maps"
)


def with_space(text: str, proposal: Guess, panel: Panel, problem_of: Callable[[str], str]) -> str:
    """Add the locations of units to a study that runs, and to the notes of the guess.

    Parameters
    ----------
    proposal : Guess
        The guess; notes are added to it.
    panel : Panel
        Panel of the study so far.
    problem_of : callable
        Returns the problem of a study text; "" if none.
    """
    if located(panel):
        return _noted(text, proposal, _coordinates(panel), [])
    unit = panel.roles.unit
    labels = panel.frame[unit].unique()
    unmatched = [label for label in labels if degrees_of(label) is None]
    if len(unmatched) > (1.0 - _MOST) * len(labels):
        return text
    table = ["[space]", f"places = {toml_text(unit)}"]
    if not unmatched:
        active = _noted(text, Guess(proposal.roles), _PLACES.fill(unit), table)
        if not problem_of(active):
            return _noted(text, proposal, _PLACES.fill(unit), table)
        return text
    note = _OFFERED.fill(unit, shown(unmatched, 5))
    return _noted(text, proposal, note, [f"# {line}" for line in table])


def _coordinates(panel: Panel) -> Message:
    """Return the columns of coordinates, with their problem if there is one."""
    names = [coordinate(panel.frame.columns, name) for name in ("longitude", "latitude")]
    note = _LOCATED.fill(*names)
    try:
        locations_of(panel)
    except PanelError as error:
        return _BROKEN.fill(note, error.what)
    return note


def _noted(text: str, proposal: Guess, note: Message, lines: list[str]) -> str:
    """Insert lines before the design, with a note that is also added to the guess."""
    proposal.notes.append(note)
    words = [*comment(proposal.translate.name(note)), *lines]
    return text.replace("[design]\n", "\n".join([*words, "", "[design]", ""]), 1)
