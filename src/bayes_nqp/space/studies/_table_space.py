"""The table [space]: locations of units, and spatial weights by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from bayes_nqp._core.exceptions import PanelError, StudyError, brief, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.column_inference import Guess
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.spatial_weights import SpatialWeights, coordinate, lag, located, locations_of
from bayes_nqp.space.studies._space_keys import SpaceKeys
from bayes_nqp.space.studies._space_places import borders_of, degrees_of, with_borders, with_places
from bayes_nqp.space.studies._space_weights import check_weights, kinds, schema_of_kind, weights_of
from bayes_nqp.studies.extending import Schema, Values, comment, in_table, study_table, toml_text

if TYPE_CHECKING:
    import pandas as pd

    from bayes_nqp.data.column_inference import Guess
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.studies.extending import Data


_COORDINATES = ("longitude", "latitude")
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


@study_table("space", place=10)
class Space(SpaceKeys):
    """Locations of units, spatial weights, and columns of neighbours."""

    value_key: ClassVar[str] = "weights"
    value_example: ClassVar[str] = 'kind = "nearest"'

    @classmethod
    def refine_schema(cls, table: Schema) -> None:
        """List the kinds of weights, with their arguments."""
        tables = [schema_of_kind(kind) for kind in kinds()]
        table["properties"]["weights"]["additionalProperties"] = {"type": "object", "anyOf": tables}

    def check_keys(self, folder: Path) -> None:
        """Check the tables of weights, and test that the boundaries exist."""
        if self.boundaries is not None or self.id is not None:
            borders_of(self, folder)
        check_weights(self)
        for name, linked in self.lags.items():
            if linked.weights not in self.weights:
                raise StudyError(
                    Message("'{}.{}' is {}, but [{}] contains no table of that name",
                            f"space.lags.{name}", "weights",
                            brief(linked.weights), "space.weights"),
                    hint=nearest(linked.weights, self.weights),
                )  # fmt: skip

    def values_of_nobody(self) -> dict[str, SpatialWeights]:
        """Return weights of no units under each name."""
        return {name: SpatialWeights((), np.zeros((0, 0)), name) for name in self.weights}

    @classmethod
    def proposed(
        cls, text: str, proposal: Guess, panel: Panel, problem_of: Callable[[str], str]
    ) -> str:
        """Add the locations of units to a proposed study."""
        return with_space(text, proposal, panel, problem_of)

    @property
    def file_keys(self) -> tuple[tuple[str, ...], ...]:
        """Paths of keys that name boundaries and files of weights."""
        borders = [("boundaries",)] if self.boundaries is not None else []
        of_weights = [("weights", name, "file") for name, x in self.weights.items() if "file" in x]
        return (*borders, *of_weights)

    @property
    def number_columns(self) -> tuple[tuple[str, str], ...]:
        """Coordinates that the study names and that no other key adds."""
        if self.places is not None or self.boundaries is not None:
            return ()
        stated = self.model_fields_set
        return tuple((key, getattr(self, key)) for key in _COORDINATES if key in stated)

    @property
    def row_columns(self) -> tuple[str, ...]:
        """Columns of the coordinates of places."""
        return (self.longitude, self.latitude) if self.places is not None else ()

    def rows_from(
        self, frame: pd.DataFrame, data: Data, notes: list[str], folder: Path
    ) -> pd.DataFrame:
        """Add coordinates of places, or of boundaries."""
        if self.places is not None:
            frame = with_places(self, frame)
        if self.boundaries is not None:
            frame = with_borders(self, frame, str(data.unit), folder)
        return frame

    def values_for(self, panel: Panel, folder: Path) -> dict[str, SpatialWeights]:
        """Return the weights of the panel's units; check coordinates that the study names."""
        if self.number_columns:
            with in_table("space"):
                locations_of(panel, self.longitude, self.latitude)
        return weights_of(self, panel, folder)

    @property
    def panel_columns(self) -> Mapping[str, str]:
        """Columns of neighbours' values."""
        return {name: linked.column for name, linked in self.lags.items()}

    def columns_for(self, panel: Panel, values: Values) -> dict[str, pd.Series[Any]]:
        """Return W x for columns of the panel."""
        columns = {}
        for name, linked in self.lags.items():
            if linked.column not in panel.frame.columns:
                raise StudyError(
                    Message("'{}' is {!r}, which is not a column of the data",
                            f"space.lags.{name}.column", linked.column),
                    hint=nearest(linked.column, panel.frame.columns),
                )  # fmt: skip
            weights = values[self.value_key][linked.weights]
            with in_table(f"space.lags.{name}"):
                columns[name] = lag(weights, panel, linked.column)
        return columns

    def context_for(self, folder: Path) -> dict[str, Any]:
        """Return columns of neighbours, and boundaries for maps."""
        context = {"linked": self.panel_columns, "spatial": True}
        if self.boundaries is None:
            return context
        return {**context, "maps": {"boundaries": folder / self.boundaries, "id": self.id}}


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
