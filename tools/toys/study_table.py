"""A column at constant prices: a toy that `tools/price.py` puts into the house.

Goes to src/bayes_nqp/studies/_table_deflate.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bayes_nqp._core.exceptions import StudyError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.studies._plugins import study_table
from bayes_nqp.studies._study_table import StudyTable

if TYPE_CHECKING:
    import pandas as pd

    from bayes_nqp.studies._data_keys import Data


@study_table("deflate", place=20)
class Deflate(StudyTable):
    """A column at constant prices."""

    column: str
    """At current prices."""
    index: dict[str, float]
    """The price index by period, such as { 2015 = 1.0, 2016 = 1.02 }."""
    name: str = "real"
    """What to call the column at constant prices."""

    def check_keys(self, folder: Path) -> None:
        """See that prices are above zero."""
        for period, level in self.index.items():
            if not level > 0:
                raise StudyError(
                    Message("'deflate.index.{}' is {}", period, level),
                    hint="a price index is above 0",
                )

    @property
    def number_columns(self) -> tuple[tuple[str, str], ...]:
        """The column."""
        return (("column", self.column),)

    @property
    def row_columns(self) -> tuple[str, ...]:
        """The new column."""
        return (self.name,)

    def rows_from(
        self, frame: pd.DataFrame, data: Data, notes: list[str], folder: Path
    ) -> pd.DataFrame:
        """Divide the column by the index of its period."""
        periods = frame[data.time].astype(str)
        if lacking := sorted({*periods} - {*self.index}):
            raise StudyError(
                Message("'deflate.index' has no prices of {}", shown(lacking)),
                hint=nearest(lacking[0], self.index),
            )
        notes.append(Message("{}: {} at constant prices", self.name, self.column))
        return frame.assign(**{self.name: frame[self.column] / periods.map(self.index)})
