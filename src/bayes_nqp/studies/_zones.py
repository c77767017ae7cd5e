"""[data.zones]: the pilot zones, merged to the rows of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.column_inference import merge_zones
from bayes_nqp.studies._words import in_toml

if TYPE_CHECKING:
    import pandas as pd

    from bayes_nqp.studies._data_keys import Zones


_DONE = {
    "drop": Message("{}: {} rows without a recognized prefecture excluded"),
    "keep": Message("{}: {} rows without a recognized prefecture kept as never treated"),
}


def with_zones(
    zones: Zones, frame: pd.DataFrame, notes: list[str], unit: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Merge the pilot zones.

    Parameters
    ----------
    notes : list of str
        List to which descriptions of the merge are appended.
    unit : str, optional
        Column of the unit.

    Returns
    -------
    frame : DataFrame
        Rows with the columns that `merge_zones` adds.
    unmatched : DataFrame
        ``value``, ``rows``, ``remark`` and ``nearest`` of values that are not prefectures.

    Raises
    ------
    PanelError
        If a value is not a prefecture, unless the key ``unmatched`` allows it; if units are
        prefectures, and one of them has several spellings.
    """
    with in_toml("data.zones"):
        merged = merge_zones(frame, **zones.model_dump(exclude={"unmatched"}))
    unmatched, frame_merged = merged.unmatched, merged.frame
    if unit == zones.prefecture:
        _one_spelling(frame_merged, unit)
    if not len(unmatched):
        return frame_merged, unmatched
    count = int(unmatched["rows"].sum())
    if zones.unmatched == "error":
        raise PanelError(
            Message(
                "'data.zones.prefecture': {} values of {!r} are not prefectures; their {}"
                " rows would count as never treated",
                len(unmatched),
                zones.prefecture,
                count,
            ),
            where=shown(
                (
                    f"{row['value']!r} ({row['rows']} rows"
                    + (f", near {row['nearest']})" if row["nearest"] else ")")
                    for row in unmatched.to_dict("records")
                ),
                6,
            ),
            hint='correct the names in the file; or write unmatched = "drop" in '
            '[data.zones] to exclude these rows, or "keep" to treat them as never '
            "treated",
        )
    if zones.unmatched == "drop":
        gone = frame_merged[zones.prefecture].isin(unmatched["value"].tolist())
        gone |= frame_merged[zones.prefecture].isna()
        frame_merged = frame_merged[~gone]
    notes.append(_DONE[zones.unmatched].fill(zones.prefecture, count))
    return frame_merged, unmatched


def _one_spelling(frame: pd.DataFrame, unit: str) -> None:
    """Refuse several names for one prefecture, because each would become a separate unit."""
    names = frame[[unit, "prefecture_code"]].dropna().drop_duplicates()
    twice = names[names["prefecture_code"].duplicated(keep=False)]
    if not len(twice):
        return
    pairs = twice.groupby("prefecture_code", sort=False)[unit].agg(
        lambda some: " and ".join(map(str, some))
    )
    raise PanelError(
        Message(
            "'data.unit' is {!r}, in which {} prefectures have more than one spelling",
            unit,
            len(pairs),
        ),
        where=shown(pairs.tolist(), 6),
        hint='write unit = "prefecture_name", a column that [data.zones] adds',
    )
