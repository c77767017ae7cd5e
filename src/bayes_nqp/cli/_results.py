"""Results of a study on a terminal."""

from __future__ import annotations

import math
import re
import traceback
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bayes_nqp._core.i18n import Message, Translator, enumerated
from bayes_nqp._core.io import in_shell
from bayes_nqp._core.texts import folded, size_of
from bayes_nqp.checks import OPEN, VERDICTS, convergence_words, reported_posterior
from bayes_nqp.cli._console import console, line, safe
from bayes_nqp.cli._streams import tracebacks
from bayes_nqp.data.reading import STEPS
from bayes_nqp.output.tables import key_of, percent, written
from bayes_nqp.studies import CAN_RUN, DROPPED, HEADINGS, READ

if TYPE_CHECKING:
    from rich.table import Table

    from bayes_nqp.studies import Outcome, Proposal, Study


def show_proposal(proposal: Proposal, *, page: bool = False) -> None:
    """Print the guessed settings with reasons, facts of the panel, and the command to run it.

    Parameters
    ----------
    page : bool, default False
        If True, print the location of its page.
    """
    terminal, guess, translate = console(), proposal.guess, proposal.translate
    sentence = translate("Wrote {}. These settings are guesses; confirm every line:", proposal.path)
    _list(sentence)
    for key, value in guess.roles.items():
        _line(key, f"{_said(value)}  ({translate.name(guess.reasons.get(key, ''))})")
    if "likelihood" in guess.reasons:
        chosen = "" if guess.withheld else guess.likelihood
        _line("likelihood", f"{chosen}  ({translate.name(guess.reasons['likelihood'])})".strip())
    if guess.merges:
        _line("zones", translate.name(guess.reasons["zones"]))
    notes = list(guess.notes)
    if proposal.study is not None:
        if proposal.study.settings.design.get("unidentified") == "drop":
            _line("design", f'unidentified = "drop"  ({translate(DROPPED)})')
        _list(proposal.study.panel.to_text(translate.language))
        before = {*proposal.study.panel.notes, *notes}
        notes = [x for x in notes if x not in proposal.study.panel.notes]
        notes += [x for x in proposal.study.notes if x not in before]
    else:
        for key, step in guess.steps.items():
            if step.offered:
                continue
            _line("read", translate("{} ({})", step.reason, STEPS[key].size(step.count)))
    for note in notes:
        _list(f"  {translate('note: {}', note)}")
    if page:
        _list(translate(READ, proposal.path.with_suffix(".look.html")))
    if proposal.study is None:
        terminal.print(f"[yellow]{translate.name(HEADINGS[proposal.doubtful])}[/yellow]")
        _list(proposal.problem)
        return
    path = in_shell(proposal.path)
    terminal.print(f"[green]{translate(CAN_RUN)}[/green] bayes-nqp run {safe(path)}")
    line(translate("or {}", f"make study STUDY={path}"))


def _line(key: str, text: str) -> None:
    _list(f"  {key:<10} {text}")


def _list(text: str) -> None:
    """Print lines, broken at 80 columns with hanging indents."""
    for row in text.split("\n"):
        name = _NAME.match(row)
        hang = size_of(name[0]) if name else len(row) - len(row.lstrip()) + 4
        for part in folded(row, _COLUMNS, hang=min(hang, _COLUMNS // 3)):
            line(part)


_COLUMNS = 80
_NAME = re.compile(r"\s+\S+\s{2,}(?=\S)")


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


_COLOURS = {
    "passed": "green",
    "caution": "yellow",
    "failed": "red",
    "reported": "cyan",
    "inconclusive": "magenta",
}
_SENTENCES = Message("{}. {}", context="sentences")
_ALL = Message("All results are in {} ({} s)")
_OTHERS = Message("All other results are in {} ({} s)")


def show(outcome: Outcome) -> None:
    """Print results, diagnostics, checks and file locations in the report's language."""
    terminal, translate = console(), outcome.study.translate
    marked = Translator(translate.language)  # what holds markup is no name that has a label
    if "summary.csv" in outcome.tables:
        _effects(outcome)
    if "channels.csv" in outcome.tables:
        terminal.print()
        _channels(outcome)
    if "truth.csv" in outcome.tables:
        inside = outcome.tables["truth.csv"]["inside"]
        counts = int(inside.sum()), len(inside)
        terminal.print()
        line(
            translate("truth: {} of {} true values are inside their intervals (truth.csv)", *counts)
        )
    gate = outcome.fit.gate
    colour = "green" if gate.passed else "red"
    verdict_text = translate.name(convergence_words(str(gate)))
    verdict_text = verdict_text if gate.passed else translate("failed: {}", verdict_text)
    verdict_text = f"[{colour}]{safe(verdict_text)}[/{colour}]"
    terminal.print("\n" + marked(Message("Convergence diagnostics: {}"), verdict_text))
    if outcome.checks:
        terminal.print()
        _checks(outcome)
    for note in dict.fromkeys([*outcome.fit.notes, *outcome.study.panel.notes]):
        line(f"  {translate('note: {}', note)}")
    if outcome.moved is not None:
        terminal.print()
        line(translate("The earlier results are in {}", str(outcome.moved)))
    if outcome.reused:
        names = enumerated(outcome.reused)
        line(translate("Reused from an earlier run (--fresh recomputes it): {}", names))
    if outcome.fault:
        line(translate("Some results could not be stored for later runs: {}", outcome.fault))
    for omission in outcome.omissions:
        terminal.print(f"[red]{safe(translate.name(omission.sentence))}[/red]", highlight=False)
        if tracebacks():
            traceback.print_exception(omission.error)
    folder = f"[bold]{safe(outcome.folder)}[/bold]"
    place = marked(_OTHERS if outcome.omissions else _ALL, folder, f"{outcome.seconds:.0f}")
    terminal.print(place, highlight=False)


def _checks(outcome: Outcome) -> None:
    """Print a table of verdicts, and below it the finding of each check that did not pass."""
    terminal, translate = console(), outcome.study.translate
    heads = (
        translate("Check"),
        translate("Verdict"),
        translate("Key figure"),
    )
    table, verdicts = _table(translate("Checks"), heads, ()), {}
    for check in outcome.checks:
        colour, verdict = _COLOURS.get(check.verdict, "dim"), translate(VERDICTS[check.verdict])
        verdicts[check.name] = f"[{colour}]{safe(verdict)}[/{colour}]"
        figure = key_of(check.figure_in(translate.language))
        table.add_row(safe(check.name), verdicts[check.name], safe(figure))
    terminal.print(table)
    marked = Translator(translate.language)
    for check in (x for x in outcome.checks if x.verdict in OPEN):
        terminal.print()
        head, sentence = f"{check.name}: {verdicts[check.name]}", check.said(translate.language)
        terminal.print(marked(_SENTENCES, head, safe(sentence)), highlight=False)


def _effects(outcome: Outcome) -> None:
    """Print the effects by group."""
    translate = outcome.study.translate
    numbers = outcome.tables["summary.csv"]
    averaged = "mean_as_fitted" in numbers
    fitted = [translate("as estimated", context="console")] if averaged else []
    mean, sd, *others = _heads(outcome.study)
    # In 80 columns: the interval as fitted takes the place of the sd.
    sds = [] if averaged else [sd]
    heads = (mean, *sds, *others, *fitted, "N")
    table = _table(outcome.study.settings.title, (translate("group", context="console"),), heads)
    for row in numbers.to_dict("records"):
        ends: dict[Hashable, Any] = (
            {end: row[f"{end}_as_fitted"] for end in ("lower", "upper")} if averaged else {}
        )
        other = [f"{row['mean_as_fitted']:.3f} {_interval(ends)}"] if averaged else []
        spread = [] if averaged else [f"{row['sd']:.3f}"]
        table.add_row(
            _named(row, translate), f"{row['mean']:.3f}", *spread, _interval(row),
            written(row["p_positive"], "chance", 3), *other, str(row["rows"]),
        )  # fmt: skip
    console().print(table)
    average = reported_posterior(outcome.fit).average
    if average is not None:
        line(
            translate(
                "Model average over assumptions about untreated outcomes (prior → posterior "
                "probability): {}.",
                average.words,
            )
        )


def _channels(outcome: Outcome) -> None:
    """Print direct and indirect effects, overall and by group."""
    study, translate = outcome.study, outcome.study.translate
    mean, _, *others = _heads(study)
    heads = (mean, *others, translate("share of total", context="console"))
    groups = (translate("group", context="console"), translate("path", context="console"))
    table = _table(translate("Mediation"), groups, heads)
    channels = outcome.tables["channels.csv"]
    channels = channels[channels["by"].isin(["overall", *study.factors])]
    for _, paths in channels.groupby(["by", "level"], sort=False):
        for i, row in enumerate(paths.to_dict("records")):
            share = row["proportion"]
            path = _PATHS.get(row["path"], row["path"])
            table.add_row(
                "" if i else _named(row, translate), safe(translate.name(path)),
                f"{row['mean']:.3f}", _interval(row), written(row["p_positive"], "chance", 3),
                "–" if math.isnan(share) else translate("{:.0%}", share),
            )  # fmt: skip
    console().print(table)


_PATHS = {
    "direct": Message("direct", context="console"),
    "received": Message("spillover", context="console"),
    "total": Message("total", context="console"),
    "all mediators": Message("all mediators"),
}
_GROUPS = {
    "overall": Message("overall"),
    "cohort": Message("cohort", context="console"),
    "time": Message("time", context="console"),
    "stratum": Message("group", context="console"),
}


def _heads(study: Study) -> tuple[str, str, str, str]:
    translate, prob = study.translate, percent(study.settings.report.prob)
    return (
        translate("mean", context="console"),
        translate("SD", context="console"),
        translate("{} interval", prob),
        translate("P(> 0)"),
    )


def _named(row: Mapping[Hashable, Any], translate: Translator) -> str:
    """Return the factor of a row and its level."""
    group, level = row["by"], row["level"]
    of_level = translate.name(_GROUPS.get(level, level), str(group))
    if group == level:
        return safe(of_level)
    return safe(translate("{}: {}", translate.name(_GROUPS.get(group, group)), of_level))


def _table(title: str, left: Sequence[str], right: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(title=safe(title), title_justify="left", box=None)
    for heading in left:
        table.add_column(heading, overflow="fold")
    for heading in right:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _interval(row: Mapping[Hashable, Any]) -> str:
    return f"\\[{row['lower']:.3f}, {row['upper']:.3f}]"
