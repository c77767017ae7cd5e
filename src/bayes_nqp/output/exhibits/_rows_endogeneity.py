"""Exhibits on endogeneity: matching, other policies, omitted variables, selection."""

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.exhibits._registry import exhibit

exhibit(
    "matching",
    Message("PSM-DID (nearest neighbours, radius, kernel) with a balance test"),
    "endogeneity",
    'nqp.match(panel, ["ln_gdp", "finance"], method="nearest")',
    place=10,
    section="matched",
)
exhibit(
    "entropy_balancing",
    Message("Entropy balancing and doubly robust DID"),
    "endogeneity",
    'nqp.match(panel, ["ln_gdp", "finance"], method="entropy")\nnqp.estimators_table(fit)',
    place=20,
)
exhibit(
    "other_policies",
    Message("Other policies of the same years as controls"),
    "endogeneity",
    'nqp.check(fit, "other_policies")\nnqp.check(fit, "referee", policies=["smart_city"])',
    place=30,
    check="other_policies",
)
exhibit(
    "without_other_pilots",
    Message("Sample without units of other pilot policies"),
    "endogeneity",
    'nqp.check(fit, "referee", samples=["smart_city"])',
    place=40,
    check="referee",
    change=("other samples",),
)
exhibit(
    "omitted_variables",
    Message("Omitted variables: Oster's δ and sensemakr"),
    "endogeneity",
    'nqp.check(fit, "omitted_variables")',
    place=50,
    check="omitted_variables",
)
exhibit(
    "adoption_model",
    Message("Exogeneity of the selection of pilots: which units adopt first"),
    "endogeneity",
    """
import pyfixest as pf

rows["before"] = rows.groupby("unit")["outcome"].shift()
risk = rows[~(rows["time"] > rows["cohort"])]
risk = risk.assign(adopts=(risk["time"] == risk["cohort"]).astype(int))
selection = pf.feols("adopts ~ before + size | time", risk, vcov={"CRV1": "unit"})
""",
    place=60,
    because=Message(
        "The models are conditional on the adoption dates. A linear probability model of "
        "adoption among units that have not adopted tests if earlier outcomes or controls "
        "predict it; nqp.AshenfelterDip allows for selection on a fall before adoption."
    ),
)
exhibit(
    "instruments",
    Message("Instrumental variables (IV-DID, Bartik)"),
    "endogeneity",
    """
import pyfixest as pf

iv = pf.feols("outcome ~ 1 | unit + time | treated ~ instrument", rows, vcov={"CRV1": "unit"})
iv.IV_Diag()  # the F statistic of the first stage
""",
    place=70,
    because=Message(
        "An instrument identifies the effect by an exclusion restriction, and the models here by "
        "untreated trends. Two-stage least squares gives the effect on compliers."
    ),
)
exhibit(
    "heckman",
    Message("Heckman two-step correction"),
    "endogeneity",
    """
import pyfixest as pf
from scipy.stats import norm

probit = pf.feglm("observed ~ size + instrument", rows, family="probit")
index = probit.predict(type="link")
seen = rows.assign(mills=norm.pdf(index) / norm.cdf(index)).query("observed == 1")
heckman = pf.feols("outcome ~ treated + mills | unit + time", seen, vcov={"CRV1": "unit"})
""",
    place=80,
    because=Message(
        "The check selection tests if observations are missing in relation to the policy or the "
        "outcome; the library has no model of selection. Standard errors of the second step are "
        "conditional on the first."
    ),
)
exhibit(
    "double_machine_learning",
    Message("Double machine learning (DML)"),
    "endogeneity",
    """
from diff_diff import DMLDiD

groups = rows.assign(cohort=rows["cohort"].fillna(0))
groups["size"] = groups.groupby("unit")["size"].transform("first")
dml = DMLDiD(seed=1).fit(groups, "outcome", "unit", "time", "cohort", covariates=["size"])
""",
    place=90,
    because=Message(
        "Controls enter the models linearly. Double machine learning estimates flexible functions "
        "of many controls by cross-fitting."
    ),
)
