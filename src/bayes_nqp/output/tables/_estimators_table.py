"""Table of other estimators for comparison with a fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import ndtri

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import NotApplicable, StudyError, nearest
from bayes_nqp._core.i18n import ENGLISH, Message, Translator
from bayes_nqp._core.types import Language, Probability
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands import att, by_event_time
from bayes_nqp.inference.fitting import ADOPTION, Fit, once, panel_of, require
from bayes_nqp.robustness import AVERAGE, ESTIMATORS, EventCurve, Sample

OURS = "bayes_nqp"
_UNTIL_EXIT = Message("{}; observations after exit left out")
_COLUMNS = ["estimator", v.EVENT_TIME, "mean", "sd", "lower", "upper", "assumes", "note"]


@door
def estimators_table(
    fit: Fit,
    estimators: Sequence[str] | None = None,
    prob: Probability = 0.95,
    language: Language = ENGLISH,
) -> pd.DataFrame:
    """Compare a fit's effects by event time with those of other estimators.

    Parameters
    ----------
    fit : Fit
        Fit of a staggered design, with its observations.
    estimators : sequence of str, optional
        In closed form: "callaway_santanna", "imputation", "sun_abraham", "two_stage". By diff-diff
        and pyfixest (``pip install 'bayes-nqp[estimators]'``): "callaway_santanna_dr",
        "extended_twfe", "dechaisemartin_dhaultfoeuille", "stacked", "local_projections",
        "synthetic_did", "twfe". All by default.
    prob : float, default 0.95
        Probability of equal-tailed posterior intervals and normal confidence intervals.
    language : str, default "en"
        Language of assumptions and notes.

    Returns
    -------
    DataFrame
        One row per estimator and event time: ``event_time`` (missing: the average over treated
        observations from adoption on), ``mean``, ``sd`` (standard errors clustered by unit),
        ``lower``, ``upper``, outcome units; ``assumes``, in words; ``note``: covariates that the
        estimator uses, and warnings of its package, in English. The attr ``left_out`` gives the
        reason why an estimator has no estimates, and ``warned`` the estimators with warnings.

    Raises
    ------
    StudyError
        If an estimator is unknown, or effects are on another scale than the outcome.
    NotApplicable
        If no unit is ever treated, or the fit was saved without its observations.

    Notes
    -----
    Estimators in closed form use no covariates, weights or strata: they have unit and time effects,
    and the units of a cohort have equal weight. On balanced panels estimates and standard errors
    equal those of diff-diff; with gaps the standard errors of Callaway–Sant'Anna differ by some per
    cent. The others use the covariates of the fit if their note names them; two-way fixed effects
    also use the weights. They have the estimates and standard errors of their package, except:

    - de Chaisemartin–D'Haultfœuille: the standard error of the average is the upper bound for any
      correlation of effects; the package treats effects at different event times as independent;
    - synthetic DiD of several cohorts: their average and its jackknife are computed here.

    Units treated in all observed periods are left out. If treatments end, these estimators use the
    observations up to the first exit of a unit: they assume that units stay treated.

    "kernel_matching" and "entropy_balancing" compare each cohort with never-treated units weighted
    as in `nqp.match`, on the design's covariates (means before the first adoption of any unit) and
    its ``baseline`` variables. Standard errors allow for the estimation of the weights; those of
    kernel matching are somewhat conservative.

    References
    ----------
    Borusyak, K., Jaravel, X. and Spiess, J. (2024). Revisiting event-study designs. Review of
    Economic Studies 91(6). Callaway, B. and Sant'Anna, P. (2021). Difference-in-differences with
    multiple time periods. Journal of Econometrics 225(2). Gardner, J. (2022). Two-stage
    differences in differences. Sun, L. and Abraham, S. (2021). Estimating dynamic treatment
    effects in event studies with heterogeneous treatment effects. Journal of Econometrics 225(2).
    Wooldridge, J. (2021). Two-way fixed effects, the two-way Mundlak regression, and
    difference-in-differences estimators. De Chaisemartin, C. and D'Haultfœuille, X. (2024).
    Difference-in-differences estimators of intertemporal treatment effects. Review of Economics and
    Statistics. Wing, C., Freedman, S. and Hollingsworth, A. (2024). Stacked
    difference-in-differences. NBER 32054. Dube, A., Girardi, D., Jordà, Ò. and Taylor, A. (2025). A
    local projections approach to difference-in-differences. Journal of Applied Econometrics.
    Arkhangelsky, D. et al. (2021). Synthetic difference-in-differences. American Economic Review
    111(12).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> table = nqp.estimators_table(fit, ["imputation"])
    >>> table[table["event_time"].isna()]["mean"].round(3).tolist()[1:]
    [0.067]
    """
    require(fit, ADOPTION)
    names = list(ESTIMATORS if estimators is None else estimators)
    for name in names:
        if name not in ESTIMATORS:
            raise StudyError(f"there is no estimator {name!r}", hint=nearest(name, ESTIMATORS))
    if fit.effects.attrs.get(v.LINK, v.IDENTITY) != v.IDENTITY:
        raise StudyError("effects are on another scale than the outcome", hint="a Gaussian outcome")
    translate, panel, facts, left = Translator(language), panel_of(fit), fit.facts, {}
    alerts: list[str] = []
    rows = Sample.of(panel, facts.anticipation, facts.covariates_of(panel), tuple(facts.baseline))
    parts = [pd.DataFrame(_ours(fit, prob, translate), columns=_COLUMNS)]
    for name in names:
        each = ESTIMATORS[name]
        try:
            curve = once(fit, ("estimator", each), partial(each.estimate, rows))
            says = translate(each.assumes)
            if panel.ends:
                says = translate(_UNTIL_EXIT, says)
            lines = _lines(curve, prob, each.label, says, translate)
        except NotApplicable as absent:
            left[each.label] = translate(absent.why)
        else:
            parts.append(pd.DataFrame(lines, columns=_COLUMNS))
            alerts += [each.label] if curve.warned else []
    table = pd.concat(parts, ignore_index=True).astype({v.EVENT_TIME: "Int64"})
    table.attrs = {**fit.effects.attrs, "left_out": left, "warned": alerts}
    return table


def _ours(fit: Fit, prob: float, translate: Translator) -> Iterator[tuple[object, ...]]:
    says = translate(
        Message("this model; relative to all earlier periods")
        if fit.facts.parallel
        else Message("this model, with its differential trends")
    )
    effects, tails = by_event_time(fit), [(1 - prob) / 2, (1 + prob) / 2]
    draws = [(int(e), effects.sel({v.EVENT_TIME: e})) for e in effects[v.EVENT_TIME].to_numpy()]
    for event_time, each in (*draws, (None, att(fit))):
        flat = each.to_numpy()
        low, high = np.quantile(flat, tails)
        yield OURS, event_time, flat.mean(), flat.std(ddof=1), low, high, says, ""


def _lines(
    curve: EventCurve, prob: float, label: str, says: str, translate: Translator
) -> Iterator[tuple[object, ...]]:
    reach = float(ndtri((1 + prob) / 2))
    note = "; ".join(map(translate, curve.notes))
    for event_time, mean, sd in zip(curve.event_time, curve.mean, curve.sd, strict=True):
        at = None if event_time == AVERAGE else int(event_time)
        yield label, at, mean, sd, mean - reach * sd, mean + reach * sd, says, note
