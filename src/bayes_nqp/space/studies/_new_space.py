"""Where units are, in a study that is proposed for a file."""

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
"""Share of units that are prefectures from which on places are offered."""
_LOCATED: Final = Message("checks of neighbours and maps go by the coordinates in {} and {}")
_BROKEN: Final = Message("{}, once this is mended: {}")
_PLACES: Final = Message(
    "{} names prefectures or provinces: checks of neighbours and maps go by their coordinates"
)
_OFFERED: Final = Message(
    "{} names prefectures or provinces, but for {}. Without these, take away the #: checks of "
    "neighbours and maps then go by coordinates of places"
)


def with_space(text: str, proposal: Guess, panel: Panel, problem_of: Callable[[str], str]) -> str:
    """Say where units are in a study that runs, and in the notes of the guess.

    Parameters
    ----------
    proposal : Guess
        Its notes are added to.
    panel : Panel
        That the study has so far.
    problem_of : callable
        What is wrong with a study of a text; "" for nothing.
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
    """Which columns have coordinates, and what is wrong with them."""
    names = [coordinate(panel.frame.columns, name) for name in ("longitude", "latitude")]
    note = _LOCATED.fill(*names)
    try:
        locations_of(panel)
    except PanelError as error:
        return _BROKEN.fill(note, error.what)
    return note


def _noted(text: str, proposal: Guess, note: Message, lines: list[str]) -> str:
    """Put lines before the design, under a note that the guess has too."""
    proposal.notes.append(note)
    words = [*comment(proposal.translate.name(note)), *lines]
    return text.replace("[design]\n", "\n".join([*words, "", "[design]", ""]), 1)
