"""The table [space]: locations of units, and spatial weights by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bayes_nqp._core.exceptions import StudyError, brief, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.spatial_weights import SpatialWeights, lag, locations_of
from bayes_nqp.space.studies._new_space import with_space
from bayes_nqp.space.studies._space_keys import SpaceKeys
from bayes_nqp.space.studies._space_places import borders_of, with_borders, with_places
from bayes_nqp.space.studies._space_weights import check_weights, kinds, schema_of_kind, weights_of
from bayes_nqp.studies.extending import Schema, Values, in_table, study_table

if TYPE_CHECKING:
    import pandas as pd

    from bayes_nqp.data.column_inference import Guess
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.studies.extending import Data


_COORDINATES = ("longitude", "latitude")


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
