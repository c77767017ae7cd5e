"""Checks with their verdicts, those that fail first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, listed, separated
from bayes_nqp.checks import VERDICTS, CheckResult, run_checks, title_of
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.tables._described import short_convergence, why_failed
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import Column, Table
from bayes_nqp.output.tables._parts import TONES, anchor_of, key_of, word


@kind(Message("Checks"), of=("checks", "fit"), place=60)
def diagnostics(source: Sequence[CheckResult] | Fit | xr.Dataset, ask: Ask) -> Table:
    """Tabulate checks with their verdicts and key figures; for a fit, run all checks."""
    gate: str | None = None
    if isinstance(source, xr.Dataset):
        raise StudyError("kind='diagnostics' asks its questions of a fit", hint="nqp.table(fit)")
    if isinstance(source, Fit):
        gate, source = str(source.gate), run_checks(source)
    translate, draft, order = ask.translate, TableDraft(ask), list(TONES)
    titles_of: dict[str, list[str]] = {}
    if gate is not None and all(result.name != "convergence" for result in source):
        _add_convergence(draft, gate)
    for result in sorted(source, key=lambda result: order.index(result.verdict)):
        question = translate.name(result.question)
        shown, tone = translate(VERDICTS[result.verdict]), TONES[result.verdict]
        verdict = word(shown, tone, anchor_of(result.name))
        text = translate.name(result.figure or result.sentence)
        key = key_of(translate.name(result.figure))
        draft.row(question, verdict, word(key))
        if key != text:
            title = translate.name(title_of(result.name))
            titles_of.setdefault(text.rstrip(".。"), []).append(title)
        if result.verdict == "failed":
            draft.stamps.append(translate("Check failed: {}", question))
    for text, titles in titles_of.items():
        names = translate.name(listed(titles, len(titles)))
        draft.note("{}: {}.", names[:1].upper() + names[1:], text)
    tally = Counter(str(result.verdict) for result in source)
    counted = [Message("{} {}", VERDICTS[x], tally[x], context="count") for x in order if tally[x]]
    tallied = translate("{}.", separated(counted))
    draft.note("Passed: the check found no evidence against the result.", when=bool(counted))
    draft.note(
        "Reported: a statistic with its interpretation, without a verdict.",
        when=tally["reported"] > 0,
    )
    draft.notes += [tallied[0].upper() + tallied[1:]] if counted else []
    columns = (Column(translate("Verdict")), Column(translate("Key figure"), words=True))
    facts = {} if gate is None else {"gate": gate}
    return draft.finish("diagnostics", translate("Checks"), translate("Question"), columns, facts)


def _add_convergence(draft: TableDraft, gate: str) -> None:
    """Add the convergence diagnostics if no check contains them."""
    translate = draft.translate
    short, failed = short_convergence(gate, translate)
    verdict = word(translate("failed"), "bad") if failed else word(short, _convergence_tone(gate))
    reason = why_failed(gate, translate) if failed else ""
    draft.row(translate("Convergence diagnostics"), verdict, word(reason))
    if failed:
        draft.stamps.append(translate("Convergence diagnostics failed: {}", reason))


def _convergence_tone(gate: str) -> str:
    return "good" if gate == v.PASSED else "doubt"
