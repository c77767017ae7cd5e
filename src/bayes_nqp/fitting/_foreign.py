"""What other packages ask of a fit, answered by a room above this one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class Tabulated:
    """Lets a fit stand in ``maketables.ETable`` beside those of other packages.

    What a column holds is decided where tables are made; it is looked up there by name when
    somebody asks, so that this room depends on none above it.
    """

    def _column(self) -> Any:
        return import_module("bayes_nqp.tables").estimates(self)

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        table: pd.DataFrame = self._column().table
        return table

    @property
    def __maketables_depvar__(self) -> str:
        return str(self._column().outcome)

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return list(self._column().stats)

    def __maketables_stat__(self, key: str) -> int | str | None:
        value: int | str | None = self._column().stats.get(key)
        return value
