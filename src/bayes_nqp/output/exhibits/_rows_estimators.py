"""Exhibits on two-way fixed effects and on estimators for heterogeneous effects."""

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.exhibits._registry import exhibit

exhibit(
    "two_way_fixed_effects",
    Message("Two-way fixed effects (TWFE) coefficient"),
    "estimators",
    "nqp.estimators_table(fit)",
    place=10,
    section="estimators",
)
exhibit(
    "bacon",
    Message("Goodman-Bacon decomposition (negative weights)"),
    "estimators",
    'nqp.table(fit, "bacon")\nnqp.plots.bacon(fit)',
    place=20,
    section="estimators",
)
exhibit(
    "heterogeneous_effects",
    Message("Callaway–Sant'Anna, Sun–Abraham and imputation estimators"),
    "estimators",
    "nqp.plots.estimators(fit)",
    place=30,
    section="estimators",
)
exhibit(
    "stacked",
    Message("Stacked DID and the estimator of de Chaisemartin and D'Haultfœuille"),
    "estimators",
    "nqp.estimators_table(fit)",
    place=40,
    section="estimators",
)
exhibit(
    "synthetic_did",
    Message("Synthetic DID (SDID)"),
    "estimators",
    "nqp.estimators_table(fit)",
    place=50,
    section="estimators",
)
