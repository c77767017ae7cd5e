"""Interface of a table of a study: its keys, and its actions from the file to the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from bayes_nqp.studies._arguments import Schema
from bayes_nqp.studies._keys import Keys

if TYPE_CHECKING:
    import pandas as pd

    from bayes_nqp.data.column_inference import Guess
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.studies._data_keys import Data


type Values = Mapping[str, Mapping[str, Any]]
"""Values that designs and checks may name: by the key that names them, then by name."""


class StudyTable(Keys):
    """Base class of study tables that are registered with `study_table`.

    The keys are fields with a text below each; the first line of the docstring is the help of the
    table. The methods are called in the order below; each of them is optional.
    """

    value_key: ClassVar[str] = ""
    """Key of designs and checks that names the values, and key of the table that defines them."""
    value_example: ClassVar[str] = ""
    """Example table of such a value, for hints."""

    @classmethod
    def refine_schema(cls, table: Schema) -> None:
        """Refine the JSON schema of the table beyond the annotations."""

    def check_keys(self, folder: Path) -> None:
        """Refuse invalid keys before any data are read; relative paths refer to the folder."""

    def values_of_nobody(self) -> dict[str, Any]:
        """Return placeholder values by name, for checking designs before data are read."""
        return {}

    @property
    def file_keys(self) -> tuple[tuple[str, ...], ...]:
        """Paths of keys that name files; a run writes these files relative to its folder."""
        return ()

    @property
    def number_columns(self) -> tuple[tuple[str, str], ...]:
        """Keys, each with a column of the data that must exist and contain numbers."""
        return ()

    @property
    def row_columns(self) -> tuple[str, ...]:
        """Columns that `rows_from` adds; roles, indices and expressions may use them."""
        return ()

    @classmethod
    def proposed(
        cls, text: str, proposal: Guess, panel: Panel, problem_of: Callable[[str], str]
    ) -> str:
        """Add the table to a proposed study if it applies, and return the study's text.

        Parameters
        ----------
        text : str
            Text of the study so far, which runs.
        proposal : Guess
            The guess; notes are added to it.
        panel : Panel
            Panel of the study so far.
        problem_of : callable
            Returns the problem of a study text; "" if none.
        """
        return text

    def rows_from(
        self, frame: pd.DataFrame, data: Data, notes: list[str], folder: Path
    ) -> pd.DataFrame:
        """Change cleaned rows before other columns are derived; notes are appended to the list."""
        return frame

    def values_for(self, panel: Panel, folder: Path) -> dict[str, Any]:
        """Return values by name, for the units of a panel."""
        return {}

    @property
    def panel_columns(self) -> Mapping[str, str]:
        """Columns that `columns_for` adds, each with its source column."""
        return {}

    def columns_for(self, panel: Panel, values: Values) -> dict[str, pd.Series[Any]]:
        """Return columns that require the panel or values, in the order of its rows."""
        return {}

    def context_for(self, folder: Path) -> dict[str, Any]:
        """Return additional fields of the `Context` for figures and reports."""
        return {}
