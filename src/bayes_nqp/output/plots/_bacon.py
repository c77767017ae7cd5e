"""Plot of the Goodman-Bacon decomposition: weights against estimates."""

from __future__ import annotations

from typing import Annotated

from matplotlib.figure import Figure

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Language, Style, Words
from bayes_nqp.checks import ADOPTION, ROWS, UNITS
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, panel_of, require
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._notes import label_beside, words
from bayes_nqp.output.plots._registry import Appearance, plot
from bayes_nqp.output.plots._style import COLOURS, MUTED
from bayes_nqp.robustness import COMPARISONS, goodman_bacon

_MARKERS = ("o", "^", "x")
_KEY = Message(
    "Points: comparisons of two cohorts, or of a cohort with never-treated units. Dashed: two-way "
    "fixed effects coefficient, which is their weighted sum."
)


@plot(Message("Goodman-Bacon decomposition."), place=13, needs=(ADOPTION, ROWS, UNITS))
def bacon(
    panel: Annotated[Panel | Fit, Words("a Panel or a fit")],
    *,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw the weights and estimates behind the two-way fixed effects coefficient.

    Parameters
    ----------
    panel : Panel or Fit
        The data: single units. Those that are not observed in all periods are left out.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Returns
    -------
    Figure
        One point per comparison, with the type, its total weight and its mean in the legend.

    Raises
    ------
    PanelError
        If most units are not observed in all periods, or the panel has no treated units.
    StudyError
        If diff-diff is not installed; install ``bayes-nqp[estimators]``.
    NotApplicable
        If the fit has no adoption dates, or was saved without its observations.

    References
    ----------
    Goodman-Bacon, A. (2021). Difference-in-differences with variation in treatment timing. Journal
    of Econometrics 225(2).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> figure = nqp.plots.bacon(nqp.datasets.castle_doctrine())
    >>> figure.axes[0].get_xlabel()
    'Weight'
    """
    translate = words(language, panel)
    if not isinstance(panel, Panel):
        require(panel, ADOPTION)
        panel = panel_of(panel)
    decomposition = goodman_bacon(panel)
    label = translate("Estimate")
    with canvas(Appearance(0.0, None, title, translate, style), (6.4, 4.2), [label]) as page:
        for (name, says), marker, colour in zip(
            COMPARISONS.items(), _MARKERS, COLOURS, strict=False
        ):
            some, weight, mean = decomposition.of(name)
            if some.any():
                page.ax.plot(
                    decomposition.weight[some], decomposition.estimate[some], marker,
                    color=colour, markersize=5,
                    gid="points",
                    label=translate("{}: weight {:.1%}, mean {:.3g}", says, weight, mean),
                )  # fmt: skip
        page.ax.axhline(
            decomposition.coefficient, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3))
        )
        page.ax.set_xlabel(translate("Weight"))
        label_beside([page.ax], label)
        page.ax.legend(
            loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=7.2, borderaxespad=0.3
        )
        page.note(_KEY)
        for note in decomposition.left_out_units:
            page.note(note)
    return page.figure
