"""The robustness checks of a referee, a row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHECKS, ROBUSTNESS_ROWS, CheckResult
from bayes_nqp.inference.fitting import ADOPTION, ROWS, Fit
from bayes_nqp.output.tables._kinds import KINDS, Ask, kind
from bayes_nqp.output.tables._model import Table
from bayes_nqp.output.tables._specification_table import specification_table


@kind(Message("Routine robustness checks"), of=("fit", "checks"), place=75, needs=(ADOPTION, ROWS))
def referee(source: Fit | Sequence[CheckResult], ask: Ask) -> Table:
    """Run and tabulate the check "referee", or tabulate its result."""
    results = [CHECKS["referee"](source)] if isinstance(source, Fit) else source
    table = KINDS["robustness"].build(results, ask)
    title = ask.title or ask.translate("Robustness checks of the average effect")
    changes = {x for result in results for x in specification_table(result)["change"]}
    shown = [x.shows for x in ROBUSTNESS_ROWS.values() if x.shows and str(x.title) in changes]
    notes = (*table.notes, *map(ask.translate, shown))
    return replace(table, kind="referee", title=title, notes=notes)
