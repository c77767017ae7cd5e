"""Two-way fixed effects: one coefficient of a dummy of treatment, by pyfixest."""

from __future__ import annotations

from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._packages import adjusted, ask, curve, frame_of, need, x_of
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator


@estimator(
    "TWFE",
    Message(
        "parallel trends in all periods, and the same effect in all cohorts and periods; "
        "controls: also treated units"
    ),
    place=90,
)
def twfe(rows: Sample) -> EventCurve:
    """Estimate one coefficient with unit and time effects, by ``pyfixest.feols``."""
    need(rows, no_anticipation=True)
    data, weight = frame_of(rows), None if rows.weights is None else "weight"
    formula = f"y ~ {' + '.join(['treated', *(x_of(data) or ())])} | unit + time"
    model, notes = ask(
        "pyfixest",
        lambda pf: pf.feols(
            formula,
            data,
            vcov={"CRV1": "unit"},
            weights=weight,
            fixef_tol=1e-12,
            fixef_maxiter=10**6,
        ),
    )
    if weight is not None:
        notes = (Message("observations are weighted"), *notes)
    average = float(model.coef()["treated"]), float(model.se()["treated"])
    return curve((), (), (), average, (*adjusted(rows.x), *notes))
