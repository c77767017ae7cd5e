"""Store the result of merging the zones: the panel and the matches to verify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.labels import labels_of
from bayes_nqp._core.templates import facts_html
from bayes_nqp._core.validation import door
from bayes_nqp.data.datasets import pilot_zones
from bayes_nqp.data.reading import counted

_RULES: Final = {
    "approval_year": "in the year of approval",
    "next_year_after_june": "in the year of approval, or in the next year for approvals after June",
}
_BELOW: Final = {
    "ignore": "no cohort for these prefectures",
    "count": "counted like zones that cover a whole prefecture",
    "drop": "the rows of these prefectures are excluded",
}


@door
@dataclass(frozen=True, eq=False, repr=False)
class MergedZones:
    """Panel with the pilot zones, and the matches to verify before using it.

    Result of `merge_zones`.

    Parameters
    ----------
    frame : DataFrame
        The panel with the added columns.
    matched : DataFrame
        One row per matched prefecture: `code`, `prefecture`, `written` (all spellings in the
        panel), `rows`, `cohort` (first treated year; NaN for none).
    unmatched : DataFrame
        One row per distinct value without a match: `value`, `rows` (number of rows), `remark`
        (reason), `nearest` (similar names).
    doubtful : DataFrame
        One row per distinct value with a match to verify: `value`, `rows`, `remark`.
    prefecture, rule, below_prefecture : str
        Arguments of `merge_zones`.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> import pandas as pd
    >>> merged = nqp.merge_zones(pd.DataFrame({"city": ["杭州", "杭洲"], "year": 2020}), "city")
    >>> merged.unmatched["value"].tolist()
    ['杭洲']
    """

    frame: pd.DataFrame
    matched: pd.DataFrame
    unmatched: pd.DataFrame
    doubtful: pd.DataFrame
    prefecture: str
    rule: str
    below_prefecture: str

    @property
    def labels(self) -> dict[str, dict[str, Any]]:
        """Return the names of prefectures and added columns by language, attached to the frame."""
        return labels_of(self.frame).words

    @property
    def report(self) -> str:
        """Return the matched, unmatched and doubtful values as text."""
        facts = self.facts()
        width = max(map(len, facts))
        return "\n".join(f"{name:<{width}}  {fact}" for name, fact in facts.items())

    def facts(self) -> dict[str, str]:
        """Describe the merge, one line each."""
        years = self.matched["cohort"].dropna().astype(int).value_counts().sort_index()
        never = int(self.matched["cohort"].isna().sum())
        out = {
            "prefectures": f"{len(self.matched)} found in {self.prefecture!r}",
            "first treated": _RULES[self.rule],
            "cohorts": shown(
                [*(f"{year}: {n}" for year, n in years.items()), f"none: {never}"], 12
            ),
            "rows": f"{len(self.frame):,}",
        }
        zones = pilot_zones()
        parts = zones[zones["below_prefecture"] & zones["code"].isin(self.matched["code"])]
        if len(parts):
            pairs = zip(parts["name"], parts["prefecture"], strict=True)
            listed = shown((f"{part} in {prefecture_name}" for part, prefecture_name in pairs), 8)
            out["parts"] = f"{listed}: {_BELOW[self.below_prefecture]}"
        if len(self.unmatched):
            out["not matched"] = (
                f"{_values(self.unmatched)}. Without a cohort, "
                f"{counted(int(self.unmatched['rows'].sum()), 'row')} would count as never treated"
            )
        if len(self.doubtful):
            out["to verify"] = _values(self.doubtful)
        several = self.matched[self.matched["written"].str.contains(", ")]
        if len(several):
            out["several spellings"] = shown(several["written"].str.replace(", ", " = "), 8)
        return out

    def __repr__(self) -> str:
        return "<MergedZones>\n" + "\n".join(f"  {line}" for line in self.report.splitlines())

    def _repr_html_(self) -> str:
        return facts_html("Pilot zones merged", self.facts())


def _values(table: pd.DataFrame) -> str:
    """List values with their remarks, sorted by number of rows."""
    texts = []
    for row in table.sort_values("rows", ascending=False, kind="stable").to_dict("records"):
        near = f", near {row['nearest']}" if row.get("nearest") else ""
        texts.append(f"{row['value']!r} ({row['remark']}{near})")
    return shown(texts, 8)
