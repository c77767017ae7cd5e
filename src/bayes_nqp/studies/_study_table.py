"""A table of a study: its keys, and what it does on the way from the file to the results."""

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
"""What designs and checks may name: by the key that names it, then by its name."""


class StudyTable(Keys):
    """A table of studies that a file of its own brings, under `study_table`.

    Its keys are fields with a text below each; the first line of its docstring is its own help. At
    every stage of a study, from above to below, it may do something, and need not.
    """

    value_key: ClassVar[str] = ""
    """The key of designs and checks that names its values, and of its own that holds them."""
    value_example: ClassVar[str] = ""
    """What a table of such a value may say, for hints."""

    @classmethod
    def refine_schema(cls, table: Schema) -> None:
        """Say what annotations cannot, in the JSON schema of the table."""

    def check_keys(self, folder: Path) -> None:
        """Refuse what is wrong before any data are read; relative paths start at the folder."""

    def values_of_nobody(self) -> dict[str, Any]:
        """Stand-ins of its values by name, with which designs are looked at before any data."""
        return {}

    @property
    def file_keys(self) -> tuple[tuple[str, ...], ...]:
        """Where it names files, each by the keys on the way: a run says them from its folder."""
        return ()

    @property
    def number_columns(self) -> tuple[tuple[str, str], ...]:
        """Keys, each with a column of the data that must be there and hold numbers."""
        return ()

    @property
    def row_columns(self) -> tuple[str, ...]:
        """Columns that `rows_from` adds: roles, indices and expressions may name them."""
        return ()

    @classmethod
    def proposed(
        cls, text: str, proposal: Guess, panel: Panel, problem_of: Callable[[str], str]
    ) -> str:
        """Add what it can say to a study that is proposed for a file, and return the study's text.

        Parameters
        ----------
        text : str
            The study so far, which runs.
        proposal : Guess
            Its notes are added to.
        panel : Panel
            That the study has so far.
        problem_of : callable
            What is wrong with a study of a text; "" for nothing.
        """
        return text

    def rows_from(
        self, frame: pd.DataFrame, data: Data, notes: list[str], folder: Path
    ) -> pd.DataFrame:
        """Change rows once they are clean, before anything is made of them; notes are added to."""
        return frame

    def values_for(self, panel: Panel, folder: Path) -> dict[str, Any]:
        """Values by name, of the units of a panel."""
        return {}

    @property
    def panel_columns(self) -> Mapping[str, str]:
        """Columns that `columns_for` adds, each with the column that it is made of."""
        return {}

    def columns_for(self, panel: Panel, values: Values) -> dict[str, pd.Series[Any]]:
        """Columns that need the panel, or values, in the order of its rows."""
        return {}

    def context_for(self, folder: Path) -> dict[str, Any]:
        """What figures and reports are told besides: fields of their `Context`."""
        return {}
