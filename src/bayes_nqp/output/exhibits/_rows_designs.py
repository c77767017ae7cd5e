"""Other designs and models: intensity, synthetic control, triple differences, counts, quantiles."""

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.exhibits._numbers import slope
from bayes_nqp.output.exhibits._registry import exhibit

exhibit(
    "intensity",
    Message("Generalised DID with the intensity of treatment"),
    "designs",
    'dose = nqp.fit(nqp.ContinuousExposure("intensity"), panel)\nnqp.check(dose, "dose_response")',
    place=10,
    number=slope,
)
exhibit(
    "synthetic_control",
    Message("Synthetic control"),
    "designs",
    """
from diff_diff import SyntheticControl

one = rows.loc[rows["treated"] == 1, "unit"].iloc[0]
pool = rows[(rows["unit"] == one) | rows["cohort"].isna()]
control = SyntheticControl(v_method="inverse_variance")
control = control.fit(pool, "outcome", "treated", "unit", "time")
""",
    place=20,
    because=Message(
        "Synthetic control weighs untreated units for one treated unit with a long history. "
        "nqp.Factors allows for the same common factors with many treated units."
    ),
)
exhibit(
    "triple_differences",
    Message("Triple differences (DDD)"),
    "designs",
    'design = nqp.TripleDifference(eligible="exporter", by="city")\n'
    'nqp.table(nqp.fit(design, panel), "third_difference")',
    place=30,
    check="ineligible_units",
)
exhibit(
    "cohort_did",
    Message("Cohort DID (birth cohorts in a cross-section)"),
    "designs",
    """
import pyfixest as pf

people = rows.rename(columns={"time": "birth"}).assign(young=(rows["time"] > 4).astype(int))
cohorts = pf.feols("outcome ~ dose:young | unit + birth", people, vcov={"CRV1": "unit"})
""",
    place=40,
    because=Message(
        "A cross-section of persons has one observation each, and the models here require a "
        "panel. The recipe compares birth cohorts between places with different intensity."
    ),
)
exhibit(
    "fuzzy_did",
    Message("Fuzzy DID (partial compliance)"),
    "designs",
    """
import pyfixest as pf

fuzzy = pf.feols("outcome ~ 1 | unit + time | dose ~ treated", rows, vcov={"CRV1": "unit"})
""",
    place=50,
    because=Message(
        "The models estimate the effect of adoption, not of use by compliers. The Wald "
        "ratio divides the effect on the outcome by the effect on use, here dose, and "
        "assumes that effects are homogeneous."
    ),
)
exhibit(
    "ppml",
    Message("Counts and zeros (PPML)"),
    "designs",
    """
import pyfixest as pf

counts = pf.fepois("patents ~ treated | unit + time", rows, vcov={"CRV1": "unit"})
""",
    place=60,
    because=Message(
        "likelihood=nqp.Poisson() estimates the design for counts, zeros included. Poisson "
        "pseudo-maximum likelihood is its frequentist counterpart."
    ),
)
exhibit(
    "logit",
    Message("Binary outcomes (Logit)"),
    "designs",
    """
import pyfixest as pf

high = rows.assign(high=(rows["patents"] > 3).astype(int))
logit = pf.feglm("high ~ treated | region + time", high, family="logit", vcov={"CRV1": "unit"})
""",
    place=70,
    because=Message(
        "The likelihoods are Gaussian and Student t; for a binary outcome they give a linear "
        "probability model. Logit with effects of single units is biased in short panels, "
        "hence effects of groups in the recipe."
    ),
)
exhibit(
    "quantiles",
    Message("Quantile regression"),
    "designs",
    """
from diff_diff import ChangesInChanges

two = rows[rows["time"].isin([3, 8])]
two = two.assign(ever=two["cohort"].notna().astype(int), post=(two["time"] == 8).astype(int))
changes = ChangesInChanges(quantiles=[0.25, 0.5, 0.75], panel=True, seed=1)
changes = changes.fit(two, "outcome", "ever", "post", unit="unit")
""",
    place=80,
    because=Message(
        "The models estimate mean effects. Changes-in-changes (Athey and Imbens 2006) estimates "
        "quantile effects for one period before and one after adoption."
    ),
)
