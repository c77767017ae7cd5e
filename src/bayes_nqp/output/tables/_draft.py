"""Draft of a table: rows, notes and stamps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import ReportedPosterior
from bayes_nqp.output.tables._described import remarks_of
from bayes_nqp.output.tables._kinds import Ask
from bayes_nqp.output.tables._model import Cell, Column, Row, Table, decimals_for
from bayes_nqp.output.tables._parts import Writer, estimate_cells

if TYPE_CHECKING:
    from bayes_nqp.output.tables._parts import Line

NOTE_AVERAGE = Message(
    "Model average over assumptions about untreated outcomes (prior → posterior probability): {}."
)
_NOTE_NO_AVERAGE = Message("No model average is available; all results assume parallel trends: {}")


class TableDraft:
    """Draft of a table.

    Parameters
    ----------
    spreads : iterable of float
        Posterior SDs of the estimates, which determine the decimals.
    """

    def __init__(self, ask: Ask, spreads: Iterable[float] = ()) -> None:
        self.ask, self.translate = ask, ask.translate
        self.write = Writer(ask.translate, decimals_for(list(spreads), ask.digits), ask.spread)
        self.rows: list[Row] = []
        self.notes: list[str] = []
        self.stamps: list[str] = []
        self.facts: dict[str, str] = {}

    def row(self, label: str, *cells: Cell, rule: bool = False) -> None:
        """Add a line; without cells, a heading."""
        self.rows.append(Row(label, cells, rule))

    def estimate(self, label: str, line: Line, *cells: Cell, fitted: Line | None = None) -> None:
        """Add mean, sd, interval and probability of an estimate, then further cells.

        Parameters
        ----------
        fitted : Series or mapping, optional
            The same estimate as fitted, next to that under the model average.
        """
        self.row(label, *estimate_cells(line, self.write, fitted), *cells)

    def weigh(self, posterior: ReportedPosterior) -> None:
        """Write beneath which assumptions a model average weighs, or why there is none."""
        if posterior.average is not None:
            self.note(NOTE_AVERAGE, posterior.average.words)
        self.note(_NOTE_NO_AVERAGE, posterior.missing, when=bool(posterior.missing))

    def note(self, message: str | Message, *parts: object, when: bool = True) -> None:
        """Add a sentence to the notes.

        Parameters
        ----------
        *parts : object
            Values for the placeholders.
        when : bool, default True
            If True, write the sentence.
        """
        if when:
            self.notes.append(self.translate(message, *parts))

    def judge(self, source: object, gate: str) -> None:
        """Add notes on the model, on failures and on checks that require caution."""
        remarks = remarks_of(source, gate, self.ask.checks, self.translate)
        self.notes += remarks.notes
        self.stamps += remarks.stamps
        self.facts |= self.ask.facts(gate)

    def finish(
        self,
        kind: str,
        title: str,
        stub: str,
        columns: Iterable[Column],
        facts: Mapping[str, str] | None = None,
    ) -> Table:
        """Make the table.

        Parameters
        ----------
        title : str
            The usual one, which the caller's own takes the place of.
        """
        return Table(
            kind,
            title if self.ask.title is None else self.ask.title,
            stub,
            tuple(columns),
            tuple(self.rows),
            tuple(self.notes),
            tuple(self.stamps),
            self.ask.language,
            self.facts if facts is None else facts,
        )
