"""Panels of pairs: the two ends of each pair, and their adoption dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError, brief, shown
from bayes_nqp._core.i18n import ENGLISH, Message, languages
from bayes_nqp._core.labels import ATTR, Labels, labels_of
from bayes_nqp.data.panel._build import build, cohort_column
from bayes_nqp.data.panel._pair_columns import of_both_ends
from bayes_nqp.data.panel._panel_arrays import Rectangle
from bayes_nqp.data.panel._roles import check_roles
from bayes_nqp.data.reading import SourceRows, Strings, admitted_frame, counted

PAIR: Final = "pair"
"""Unit column of a panel of pairs."""
ENDS: Final[tuple[str, str]] = ("origin", "destination")
"""Columns of the two ends."""
ADOPTIONS: Final = ("origin_adoption", "destination_adoption")
"""Columns of the adoption of the two ends."""
_FIRST: Final = "adoption"
"""Column of the first adoption of the two ends."""
_CALLED: Final = {
    PAIR: Message("pair", context="link"),
    ENDS[0]: Message("origin", context="link"),
    ENDS[1]: Message("destination", context="link"),
    ADOPTIONS[0]: Message("adoption of the origin", context="link"),
    ADOPTIONS[1]: Message("adoption of the destination", context="link"),
}
_LINKS: Final = {True: "→", False: "–"}
"""Separators between the ends of directed and undirected links."""
_LEVELS: Final = {
    "ends": Message("treated ends", context="link"),
    "one": Message("one end", context="link"),
    "both": Message("both ends", context="link"),
}
"""Factor for the number of treated ends of pairs (terms `EndpointEffects`)."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """The two ends of every unit.

    Parameters
    ----------
    nodes : ndarray of str (node)
        Sorted labels of nodes.
    ends : ndarray of int (2, unit)
        Number of each end.
    adoption : ndarray of int (2, unit)
        Position of the first treated period of each end; the number of periods if never treated.
    """

    nodes: Strings
    ends: Index
    adoption: Index

    @property
    def directed(self) -> bool:
        """Return True if some links go from the alphabetically later node to the earlier one."""
        return bool((self.ends[0] > self.ends[1]).any())

    @property
    def first(self) -> Index:
        """Return the first adoption of the two ends (unit)."""
        return np.asarray(self.adoption.min(axis=0))

    @property
    def second(self) -> Index:
        """Return the adoption of the later end, from which both are treated (unit)."""
        return np.asarray(self.adoption.max(axis=0))


def is_paired(panel: Rectangle) -> bool:
    """Return True if units are pairs from `Panel.from_pairs`."""
    return {*ENDS, *ADOPTIONS} <= {*panel.frame.columns}


def pairs_of(panel: Rectangle, directed: str = "") -> Pairs:
    """Read the ends of a panel from `Panel.from_pairs`.

    Parameters
    ----------
    directed : str, optional
        The term that requires directed links; none by default.

    Raises
    ------
    StudyError
        If the units are not pairs, or a term requires directed links and they are undirected.
    IdentificationError
        If cohorts no longer equal the adoption of the ends, for example after a placebo
        permutation.
    """
    lacking = [name for name in (*ENDS, *ADOPTIONS) if name not in panel.frame.columns]
    if lacking:
        raise StudyError(
            Message("the units are not pairs: the panel has no column {!r}", lacking[0]),
            hint="nqp.Panel.from_pairs(df, origin=…, destination=…, cohorts=…)",
        )
    if directed and not any(_LINKS[True] in label for label in panel.unit_labels):
        raise StudyError(
            Message(
                "{} requires directed links, but the links of this panel are undirected", directed
            ),
            hint="nqp.Panel.from_pairs(…, directed=True), or remove directed=True from the term",
        )
    first = np.searchsorted(panel.unit_codes, np.arange(panel.unit_labels.size))
    rows = panel.frame.iloc[first]
    table = rows[list(ENDS)].astype(str).to_numpy(dtype=str)
    nodes, ends = np.unique(table, return_inverse=True)
    adoption = np.stack([_codes(panel, rows[name]) for name in ADOPTIONS])
    pairs = Pairs(nodes, ends.reshape(table.shape).T.astype(np.int64), adoption)
    never = panel.cohort_codes < 0
    if (pairs.first != np.where(never, panel.periods, panel.cohort_codes)).any():
        raise IdentificationError(
            Message("the cohort of a pair no longer equals the first adoption of its ends"),
            hint="set new adoption dates by node: nqp.Panel.from_pairs(…, cohorts=…)",
        )
    return pairs


def _codes(panel: Rectangle, column: pd.Series[Any]) -> Index:
    """Return positions of first treated periods, or the number of periods if never treated."""
    never, out = column.isna().to_numpy(), np.full(len(column), panel.periods, dtype=np.int64)
    if panel.grid.base is None:
        place = (column[~never].to_numpy(dtype=np.int64) - panel.grid.start) // panel.grid.step
        out[~never] = np.minimum(place, panel.periods)
        return out
    at = {str(label): code for code, label in enumerate(panel.time_labels)}
    out[~never] = [at.get(str(label), panel.periods) for label in column[~never]]
    return out


def build_pairs(
    df: pd.DataFrame,
    *,
    origin: str,
    destination: str,
    time: str,
    outcome: str,
    cohorts: Any,
    directed: bool,
    never: object,
    freq: int | str | None,
    **others: Any,
) -> dict[str, Any]:
    """Validate a frame with one row per pair and time, and return the fields of a Panel."""
    named = [("origin", origin), ("destination", destination), ("time", time), ("outcome", outcome)]
    check_roles(df, named)
    df = admitted_frame(df, named, lambda frame: SourceRows(frame, origin, time), [])
    if origin == destination:
        raise PanelError(
            f"'origin' and 'destination' are both {origin!r}", hint="two columns, one for each end"
        )
    taken = [x for x in (PAIR, *ENDS, *ADOPTIONS, _FIRST)
             if x in df.columns and x not in (origin, destination)]  # fmt: skip
    if taken:
        raise PanelError(
            Message("the column name {!r} is reserved in panels of pairs", taken[0]),
            hint="rename it",
        )
    df = df.rename(columns={origin: ENDS[0], destination: ENDS[1]})
    rows, ends = SourceRows(df, ENDS[0], time), _ends(df, SourceRows(df, ENDS[0], time))
    order = ends
    if not directed:
        ends = np.sort(ends, axis=1)
    link = _LINKS[directed]
    pair = np.char.add(np.char.add(ends[:, 0], link), ends[:, 1])
    df = df.assign(**{ENDS[0]: ends[:, 0], ENDS[1]: ends[:, 1], PAIR: pair})
    _refuse_repeated(df, rows, time, directed=directed)
    nodes, codes, column, notes = _adoptions(df, ends, cohorts, time, never, freq)
    df = of_both_ends(df, order, codes, {PAIR, *ENDS, time, outcome}, directed=directed)
    first, second = (codes[np.searchsorted(nodes, ends[:, k])] for k in (0, 1))
    # -1 means never treated and is below any date.
    alone = np.minimum(first, second) < 0
    least = np.where(alone, np.maximum(first, second), np.minimum(first, second))
    df = df.assign(
        **{name: column(code) for name, code in zip(ADOPTIONS, (first, second), strict=True)},
        **{_FIRST: column(least)},
    )
    df.attrs = {**df.attrs, ATTR: (_words() | labels_of(df)).text}
    return build(
        df, unit=PAIR, time=time, outcome=outcome, cohort=_FIRST, freq=freq, notes=notes, **others
    )


def _words() -> Labels:
    """Return translations of the columns of pairs and of their treated ends."""
    words: dict[str, dict[str, Any]] = {}
    for language in languages():
        if language != ENGLISH:
            words[language] = {
                column: {"label": name.in_(language)} for column, name in _CALLED.items()
            }
            levels = {level: name.in_(language) for level, name in _LEVELS.items()}
            words[language][PAIR] |= {"levels": levels}
    return Labels.of(words)


def _ends(df: pd.DataFrame, rows: SourceRows) -> Strings:
    """Return the names of both ends (row, 2); whole numbers are written without decimals."""
    out = []
    for name in ENDS:
        column = df[name]
        gone = column.isna().to_numpy()
        if gone.any():
            raise PanelError(
                Message("{!r} is missing in {}", name, counted(gone.sum(), "row")),
                where=rows.shown(gone),
                hint=Message(
                    "a pair requires both of its ends; if these rows are not data, such "
                    "as a note below the table: df.dropna(subset=[{!r}])", name),
            )  # fmt: skip
        out.append(_text(column))
    ends = np.stack(out, axis=1)
    same = ends[:, 0] == ends[:, 1]
    if same.any():
        raise PanelError(
            Message("{} rows link a node to itself", int(same.sum())),
            where=rows.shown(same), hint="drop these rows: a pair consists of two different nodes",
        )  # fmt: skip
    return ends


def _text(column: pd.Series[Any]) -> Strings:
    if column.dtype.kind == "f" and (column == column.round()).all():
        column = column.astype(np.int64)
    return np.array([str(x).strip() for x in column.tolist()], dtype=str)


def _refuse_repeated(df: pd.DataFrame, rows: SourceRows, time: str, *, directed: bool) -> None:
    twice = df.duplicated([PAIR, time], keep=False).to_numpy()
    if not twice.any():
        return
    hint = (
        "sum them with df.groupby([origin, destination, time]), or drop one of them"
        if directed
        else "directed=True if links are directed; otherwise keep one of a–b and b–a"
    )
    raise PanelError(
        Message("{} rows repeat a pair of nodes within a period", int(twice.sum())),
        where=Message("{}: {}", rows.shown(twice), shown(np.unique(df[PAIR][twice]), 3)),
        hint=hint,
    )


def _adoptions(
    df: pd.DataFrame, ends: Strings, cohorts: Any, time: str, never: object, freq: int | str | None
) -> tuple[Strings, Index, Any, tuple[str, ...]]:
    """Return nodes, adoption positions (-1 for never), a writer of such columns, and notes."""
    nodes, stated = np.unique(ends), _by_node(cohorts)
    lacking = np.setdiff1d(nodes, list(stated))
    if lacking.size:
        raise PanelError(
            Message("'cohorts' has no entry for {} of {} nodes", lacking.size, nodes.size),
            where=shown(lacking),
            hint="list every node once, with an empty date (None, NaN) if it is never treated",
        )
    periods = df[time].drop_duplicates()
    grid = pd.DataFrame({
        "node": np.repeat(nodes, len(periods)),
        time: np.tile(periods.to_numpy(), nodes.size),
        _FIRST: pd.Series([stated[x] for x in nodes]).repeat(len(periods)).to_numpy(),
        PAIR: np.arange(nodes.size * len(periods), dtype=np.float64),
    })  # fmt: skip
    fields = build(
        grid, unit="node", time=time, outcome=PAIR, cohort=_FIRST, never=never, freq=freq
    )
    order = np.argsort(fields["unit_labels"])
    codes, calendar = fields["cohort_codes"][order], fields["grid"]

    labels = [*map(str, calendar.labels()), None]

    def column(positions: Index) -> Any:
        if calendar.base is None:
            return cohort_column(positions, calendar)
        return np.array([labels[k] for k in positions], dtype=object)

    return fields["unit_labels"][order], codes, column, fields["notes"]


def _by_node(cohorts: Any) -> dict[str, Any]:
    """Return adoption dates by node, from a mapping, a series, or a frame of two columns."""
    if isinstance(cohorts, pd.DataFrame):
        if cohorts.shape[1] != 2:
            raise PanelError(
                Message("'cohorts' has {} columns", cohorts.shape[1]),
                hint="two columns: the node and its first treated period; "
                "cohorts=df[['city', 'year']]",
            )
        cohorts = cohorts.drop_duplicates().set_index(cohorts.columns[0]).iloc[:, 0]
    if isinstance(cohorts, Mapping):
        cohorts = pd.Series(dict(cohorts), dtype=object)
    if not isinstance(cohorts, pd.Series):
        raise PanelError(
            Message("'cohorts' is {}", brief(cohorts)),
            hint="a mapping from nodes to first treated periods, or a frame with two columns",
        )
    named = _text(cohorts.index.to_series())
    twice = pd.Series(named).duplicated().to_numpy()
    if twice.any():
        raise PanelError(
            Message("'cohorts' gives {} nodes more than one date", int(twice.sum())),
            where=shown(np.unique(named[twice])),
            hint="give one first treated period for each node",
        )  # fmt: skip
    return dict(zip(named.tolist(), cohorts.tolist(), strict=True))
