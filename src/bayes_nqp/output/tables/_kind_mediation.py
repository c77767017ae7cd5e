"""Direct and indirect effects, shares, and channels against one another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp.checks import CHANNELS, reported_posterior
from bayes_nqp.effects.estimands import PATHS, names_of, percent, text
from bayes_nqp.output.tables._described import interval_notes
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._mediation_table import mediation_table, mediator_comparison
from bayes_nqp.output.tables._model import NOTHING, Cell, Column, Table
from bayes_nqp.output.tables._parts import CONTRASTED, Writer, estimate_columns, outcome_of, word

type _Numbers = tuple[pd.DataFrame, pd.DataFrame | None]

_SHARE = ("proportion", "proportion_lower", "proportion_upper")


_NOTE_SHARE = Message(
    "Share: posterior median and {} interval; not reported if the posterior of the total "
    "effect includes zero."
)
_NOTE_SINGLE = Message(
    "A single indirect effect is causal only if mediators do not affect one another."
)


@kind(Message("Mediation"), place=10, needs=(CHANNELS,))
def mediation(source: object, ask: Ask) -> Table:
    """Tabulate effects along every path, overall or by group.

    Parameters
    ----------
    source : Fit or Dataset
        Fit or effects of a ``Mediation``.
    """
    translate, posterior = ask.translate, reported_posterior(source)
    effects, beside = posterior.effects, posterior.average is not None
    numbers, compared = _numbers(effects, ask)
    fitted = _numbers(posterior.fitted, ask) if beside else None
    channels = _channels(numbers)
    draft = TableDraft(ask, [*numbers["sd"], *([] if compared is None else compared["sd"])])
    _fill(draft, (numbers, compared), fitted, list(names_of(ask.by)))
    draft.weigh(posterior)
    draft.notes += [*interval_notes(numbers, translate), *ask.averaged(effects.attrs)[:1]]
    draft.note(_NOTE_SHARE, percent(ask.prob))
    draft.note(_NOTE_SINGLE, when=channels > 1)
    draft.judge(source, str(numbers[v.GATE].iloc[0]))
    share = f"{translate('Share of total')} [{translate('{}', percent(ask.prob))}]"
    columns = (*estimate_columns(translate, ask.prob, beside=beside), Column(share))
    outcome, by = outcome_of([numbers], translate), map(translate.name, names_of(ask.by))
    title = Message("Direct and indirect effects: {}", outcome)
    if ask.by is not None:
        title = Message("Direct and indirect effects by {}: {}", " × ".join(by), outcome)
    return draft.finish("mediation", translate.name(title), translate("Path"), columns)


def _channels(numbers: pd.DataFrame) -> int:
    return len({*numbers[v.PATH]} - {v.DIRECT, v.RECEIVED, v.TOTAL, "all mediators"})


def _numbers(effects: xr.Dataset, ask: Ask) -> _Numbers:
    """Effects along every path; and channels compared, where there are two or more, but few."""
    how = (ask.prob, ask.interval, ask.weights)
    numbers = mediation_table(effects, ask.by, *how)
    few = 1 < _channels(numbers) <= CONTRASTED
    return numbers, mediator_comparison(effects, ask.by, *how) if few else None


def _fill(draft: TableDraft, of: _Numbers, fitted: _Numbers | None, names: list[str]) -> None:
    """Add every path, then every two channels, group by group."""
    translate, (numbers, compared) = draft.translate, of
    besides = (None, None) if fitted is None else fitted
    for place, (label, lines) in enumerate(_split(numbers, names)):
        if label:
            draft.row(label, rule=place > 0)
        for k, line in lines.iterrows():
            other = None if besides[0] is None else besides[0].iloc[int(str(k))]
            path = _path(line[v.PATH], translate)
            draft.estimate(path, line, _share(line, draft.write), fitted=other)
    head = translate("Comparison of paths")
    for label, lines in [] if compared is None else _split(compared, names):
        draft.row(translate("{}: {}", head, label) if label else head, rule=True)
        for k, line in lines.iterrows():
            other = None if besides[1] is None else besides[1].iloc[int(str(k))]
            pair = " − ".join(_path(line[name], translate) for name in ("channel", "minus"))
            draft.estimate(pair, line, NOTHING, fitted=other)


def _split(table: pd.DataFrame, names: list[str]) -> list[tuple[str, pd.DataFrame]]:
    if not names:
        return [("", table)]
    keys: Any = table.groupby(names, sort=False)
    return [(" × ".join(text(x) for x in key), part) for key, part in keys]


def _path(name: str, translate: Translator) -> str:
    """Word a path; a mediator keeps its own name."""
    return translate.name(PATHS.get(name, name))


def _share(line: pd.Series[Any], write: Writer) -> Cell:
    if line.get("withheld"):
        return word("–", "faint")
    values = [float(line[name]) for name in _SHARE]
    return NOTHING if np.isnan(values[0]) else write.share(*values)
