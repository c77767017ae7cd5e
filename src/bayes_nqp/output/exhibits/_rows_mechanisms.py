"""Exhibits on mechanisms, heterogeneity and nonlinear effects."""

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.exhibits._numbers import groups, indirect
from bayes_nqp.output.exhibits._registry import exhibit

_CHANNELS = "channels = nqp.fit(nqp.Mediation(fit.design), panel)"

exhibit(
    "two_step_mediation",
    Message("Mechanisms in two steps (Jiang 2022)"),
    "mechanisms",
    f'{_CHANNELS}\nnqp.table(channels, "two_step_mediation")',
    place=10,
    number=indirect,
)
exhibit(
    "mediation",
    Message("Mediation: direct and indirect effects"),
    "mechanisms",
    f"{_CHANNELS}\nnqp.table(channels)",
    place=20,
    number=indirect,
)
exhibit(
    "heterogeneity",
    Message("Heterogeneity with tests of differences between groups"),
    "mechanisms",
    'nqp.table(fit, by="region")\nnqp.pairwise_contrasts(nqp.att(fit, by="region"))',
    place=30,
    number=groups,
)
exhibit(
    "moderation",
    Message("Moderation by a continuous variable"),
    "mechanisms",
    'moderated = nqp.fit(nqp.StaggeredDiD(moderator="market"), panel)\n'
    "nqp.plots.moderation(moderated)",
    place=40,
)
exhibit(
    "threshold",
    Message("Threshold effects"),
    "mechanisms",
    """
import pyfixest as pf

cuts = rows["size"].quantile([k / 20 for k in range(3, 18)])
sides = [rows.assign(low=rows["size"].le(x).mul(1), high=rows["size"].gt(x).mul(1)) for x in cuts]
formula = "outcome ~ treated:low + treated:high | unit + time"
fits = [pf.feols(formula, side, vcov={"CRV1": "unit"}) for side in sides]
threshold = min(fits, key=lambda each: (each.resid() ** 2).sum())
""",
    place=50,
    because=Message(
        "The library has no threshold regression; nqp.SmoothModerator(…) estimates a "
        "smooth change of the effect. The recipe takes the cut with the smallest sum of "
        "squared residuals (Hansen 1999); its standard errors ignore the search."
    ),
)
exhibit(
    "inverted_u",
    Message("Inverted U-shaped effects"),
    "mechanisms",
    """
import pyfixest as pf

curve = pf.feols("outcome ~ dose + I(dose ** 2) | unit + time", rows, vcov={"CRV1": "unit"})
""",
    place=60,
    because=Message(
        "Effects are linear in the exposure; the check dose_response tests this and detects "
        "a curve, but no model here estimates its turning point."
    ),
)
