"""Balance of covariates in the matched sample, if the section is requested."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp._core.partial_failures import omitted
from bayes_nqp.checks import ROBUSTNESS_ROWS
from bayes_nqp.data.matching import Matched, match_baseline
from bayes_nqp.inference.fitting import ADOPTION, ROWS, UNITS
from bayes_nqp.output.plots import PLOTS, Sketch
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import printed
from bayes_nqp.output.reports._registry import section
from bayes_nqp.output.tables import specification_table


@section(place=46, needs=(ADOPTION, ROWS, UNITS), asked=True, exhibit=70, checks=("referee",))
def matched(context: Context) -> Iterator[Block | Sketch]:
    """Report the balance before and after matching, and the effect in the matched sample."""
    translate, panel = context.translate, context.panel
    assert panel is not None
    yield Heading(translate("Matched sample"))
    with omitted(Message("The table {}", "balance")):
        found = match_baseline(panel)
        yield Paragraph(context.joined([_balance(context, found), *_effect(context)]))
        yield from context.table("balance", found)
        plot = PLOTS["love"]
        draw = partial(plot.draw, found, language=context.language)
        yield Sketch("love", translate(plot.title), draw)


def _balance(context: Context, found: Matched) -> str:
    """State the number of matched units and the largest standardised difference."""
    items, balance = found.items, found.balance
    kept = items["weight"] > 0
    before, after = (
        100.0 * float(balance.loc[balance["sample"] == sample, "difference"].abs().max())
        for sample in ("before", "after")
    )
    return context.translate(
        "Matching by propensity score keeps {treated} treated and {control} never-treated units. "
        "The largest standardised difference of their means before adoption changes from "
        "{before} % to {after} %.",
        treated=int((kept & items["treated"]).sum()), control=int((kept & ~items["treated"]).sum()),
        before=Numeral(f"{before:.1f}"), after=Numeral(f"{after:.1f}"),
    )  # fmt: skip


def _effect(context: Context) -> Iterator[str]:
    """State the average effect in the matched sample, if the check "referee" estimated it."""
    result = context.found("referee")
    if result is None or result.kind != "specifications" or "matched" not in ROBUSTNESS_ROWS:
        return
    lines = specification_table(result, context.prob)
    for _, line in lines[lines["change"] == str(ROBUSTNESS_ROWS["matched"].title)].iterrows():
        mean, low, high = (
            printed(float(line[x]), float(line["sd"])) for x in ("mean", "lower", "upper")
        )
        yield context.translate(
            "Under parallel trends, the average effect in the matched sample is {mean} "
            "({low} to {high}).",
            mean=mean, low=low, high=high,
        )  # fmt: skip
