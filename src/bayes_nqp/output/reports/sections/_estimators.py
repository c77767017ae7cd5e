"""Other estimators and the Goodman-Bacon decomposition, if the section is requested."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Numeral, crossed
from bayes_nqp._core.partial_failures import omitted
from bayes_nqp.inference.fitting import ADOPTION, ROWS, UNITS
from bayes_nqp.output.plots import PLOTS, Sketch
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import printed
from bayes_nqp.output.reports._registry import section
from bayes_nqp.output.tables import estimators_table, time_strata
from bayes_nqp.robustness import goodman_bacon


@section(place=43, needs=(ADOPTION, ROWS, UNITS), asked=True, exhibit=50)
def estimators(context: Context) -> Iterator[Block | Sketch]:
    """Compare the average effect with other estimators, and decompose two-way fixed effects."""
    translate = context.translate
    yield Heading(translate("Other estimators"))
    with omitted(Message("The plot {}", "estimators")):
        yield Paragraph(context.joined(_range(context)))
        yield from context.table("estimators")
        for name in ("estimators", "bacon"):
            if name == "bacon":
                yield Paragraph(_bacon(context))
                yield from context.table("bacon")
            plot, source = PLOTS[name], context.fit
            options = context.look if name == "estimators" else {"language": context.language}
            yield Sketch(name, translate(plot.title), partial(plot.draw, source, **options))


def _range(context: Context) -> Iterator[str]:
    """State the range of other estimates, their conclusions, and why they may differ."""
    table = estimators_table(context.fit, prob=context.prob, language=context.language)
    ours, others = (x for _, x in table[table[v.EVENT_TIME].isna()].groupby(
        lambda k: table["estimator"].iloc[k] != table["estimator"].iloc[0]))  # fmt: skip
    first, sd = ours.iloc[0], float(ours.iloc[0]["sd"])
    others = others.sort_values("mean")
    low, high = others.iloc[0], others.iloc[-1]
    yield context.translate(
        "Under parallel trends, the average effect of this model is {ours}. The estimates of {n} "
        "other estimators are between {low} ({least}) and {high} ({most}); {beyond} of their "
        "confidence intervals exclude zero.",
        ours=printed(float(first["mean"]), sd), n=len(others),
        low=printed(float(low["mean"]), sd), least=low["estimator"],
        high=printed(float(high["mean"]), sd), most=high["estimator"],
        beyond=int(((others["lower"] > 0) | (others["upper"] < 0)).sum()),
    )  # fmt: skip
    if by := time_strata(context.fit):
        yield context.translate(
            "This model compares units of the same group ({}) in each period, whereas the other "
            "estimators compare all units; their estimates can differ for this reason alone.",
            crossed(by),
        )


def _bacon(context: Context) -> str:
    """State the weight of comparisons with units that are already treated."""
    assert context.panel is not None
    weight = goodman_bacon(context.panel).of("later_vs_earlier")[1]
    return context.translate(
        "In the Goodman-Bacon decomposition of the two-way fixed effects coefficient, comparisons "
        "with units that are already treated have a weight of {}.",
        Numeral(f"{weight:.3f}"),
    )
