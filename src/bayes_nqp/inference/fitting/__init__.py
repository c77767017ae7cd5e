"""Fit a design to a panel, and save and load the result.

`effects` and all higher packages may import it.
"""

from bayes_nqp.inference.fitting._batch import Kept, Numbers, batch
from bayes_nqp.inference.fitting._coefficient_draws import pairs_coefficients
from bayes_nqp.inference.fitting._conditional_fits import GIVEN_LAG as GIVEN_LAG
from bayes_nqp.inference.fitting._conditional_fits import fit_given_channels as fit_given_channels
from bayes_nqp.inference.fitting._conditional_fits import fit_given_lag as fit_given_lag
from bayes_nqp.inference.fitting._conditional_fits import follows as follows
from bayes_nqp.inference.fitting._differential_trend import differential_trend
from bayes_nqp.inference.fitting._effect_loads import effect_loads as effect_loads
from bayes_nqp.inference.fitting._effects_dataset import waist as waist
from bayes_nqp.inference.fitting._excluded_rows import apart as apart
from bayes_nqp.inference.fitting._excluded_rows import reached_rows as reached_rows
from bayes_nqp.inference.fitting._excluded_rows import rows_without as rows_without
from bayes_nqp.inference.fitting._existing_draws import KnownDraws
from bayes_nqp.inference.fitting._fit import Fit, fit, fit_again
from bayes_nqp.inference.fitting._fit_index import fit_index, pooled_over
from bayes_nqp.inference.fitting._from_pymc import from_pymc
from bayes_nqp.inference.fitting._group_sums import effect_sums, group_rows
from bayes_nqp.inference.fitting._impacts import impacts
from bayes_nqp.inference.fitting._lag_unit_effects import realised_units as realised_units
from bayes_nqp.inference.fitting._linked import lag_draws as lag_draws
from bayes_nqp.inference.fitting._linked import own_receivers as own_receivers
from bayes_nqp.inference.fitting._linked import received_of_rows as received_of_rows
from bayes_nqp.inference.fitting._linked import treatment_coefficients as treatment_coefficients
from bayes_nqp.inference.fitting._load import load
from bayes_nqp.inference.fitting._log_priors import log_priors, parameter_draws
from bayes_nqp.inference.fitting._marginal import Marginal, held_out, log_marginal
from bayes_nqp.inference.fitting._mediate import Mediated, mediate
from bayes_nqp.inference.fitting._mediator_lag_receivers import cells_of_rows as cells_of_rows
from bayes_nqp.inference.fitting._mode_averages import dealt_averages, modal_averages, modes
from bayes_nqp.inference.fitting._moderation import leg_draws as leg_draws
from bayes_nqp.inference.fitting._moderation import moderation_draws as moderation_draws
from bayes_nqp.inference.fitting._moderation import moderator_rows as moderator_rows
from bayes_nqp.inference.fitting._needs import (
    ADDITIVE,
    ADOPTION,
    APART,
    CHANNELS,
    DOSE,
    DYNAMIC,
    IN_SPACE,
    LAGGED,
    LINKED,
    RECEIVED,
    REFITS,
    ROWS,
    SEPARATE,
    TRENDS,
    UNIT_DOSES,
    UNITS,
    UNSELECTED,
    Need,
    meets,
    require,
)
from bayes_nqp.inference.fitting._new_unit import leg_covariance_draws, new_unit_effects
from bayes_nqp.inference.fitting._over_periods import RUNS as RUNS
from bayes_nqp.inference.fitting._parameters import parameter_units as parameter_units
from bayes_nqp.inference.fitting._parameters import unconstrained as unconstrained
from bayes_nqp.inference.fitting._paths import lagged as lagged
from bayes_nqp.inference.fitting._posterior_mean import posterior_mean
from bayes_nqp.inference.fitting._predictive import Replication, posterior_predictive, replications
from bayes_nqp.inference.fitting._prior import prior_predictive
from bayes_nqp.inference.fitting._quick_effects import SHORT, SlopeLaw, short_effects, slope_law
from bayes_nqp.inference.fitting._refits import (
    OUTCOME_ALONE,
    identity,
    keep_in,
    lead_fit,
    numbers_of,
    panel_of,
    refit,
    short_refit,
    single,
    total_fit,
)
from bayes_nqp.inference.fitting._reported import (
    covariate_names,
    covariate_slopes,
    deviation_draws,
    effects_on_mediator,
    equation_draws,
    error_draws,
    mediator_covariance,
    mediator_slopes,
    scalar_draws,
    sigma_draws,
)
from bayes_nqp.inference.fitting._reused_draws import known_draws
from bayes_nqp.inference.fitting._runs import response_draws as response_draws
from bayes_nqp.inference.fitting._runs import run_draws as run_draws
from bayes_nqp.inference.fitting._serialize import dataset_from as dataset_from
from bayes_nqp.inference.fitting._serialize import dataset_parts as dataset_parts
from bayes_nqp.inference.fitting._serialize import frame_from as frame_from
from bayes_nqp.inference.fitting._serialize import frame_parts as frame_parts
from bayes_nqp.inference.fitting._serialize import packed as packed
from bayes_nqp.inference.fitting._serialize import unpacked as unpacked
from bayes_nqp.inference.fitting._store import Store, once, renamed, store_of
from bayes_nqp.inference.fitting._store import kept as kept
from bayes_nqp.inference.fitting._unit_likelihood import LeftOut, left_out, log_likelihood

__all__ = [
    "ADDITIVE",
    "ADOPTION",
    "APART",
    "CHANNELS",
    "DOSE",
    "DYNAMIC",
    "GIVEN_LAG",
    "IN_SPACE",
    "LAGGED",
    "LINKED",
    "OUTCOME_ALONE",
    "RECEIVED",
    "REFITS",
    "ROWS",
    "SEPARATE",
    "SHORT",
    "TRENDS",
    "UNITS",
    "UNIT_DOSES",
    "UNSELECTED",
    "Fit",
    "Kept",
    "KnownDraws",
    "LeftOut",
    "Marginal",
    "Mediated",
    "Need",
    "Numbers",
    "Replication",
    "SlopeLaw",
    "Store",
    "batch",
    "covariate_names",
    "covariate_slopes",
    "dealt_averages",
    "deviation_draws",
    "differential_trend",
    "effect_sums",
    "effects_on_mediator",
    "equation_draws",
    "error_draws",
    "fit",
    "fit_again",
    "fit_given_channels",
    "fit_given_lag",
    "fit_index",
    "follows",
    "from_pymc",
    "group_rows",
    "held_out",
    "identity",
    "impacts",
    "keep_in",
    "known_draws",
    "lead_fit",
    "left_out",
    "leg_covariance_draws",
    "load",
    "log_likelihood",
    "log_marginal",
    "log_priors",
    "mediate",
    "mediator_covariance",
    "mediator_slopes",
    "meets",
    "modal_averages",
    "modes",
    "new_unit_effects",
    "numbers_of",
    "once",
    "pairs_coefficients",
    "panel_of",
    "parameter_draws",
    "pooled_over",
    "posterior_mean",
    "posterior_predictive",
    "prior_predictive",
    "refit",
    "renamed",
    "replications",
    "require",
    "scalar_draws",
    "short_effects",
    "short_refit",
    "sigma_draws",
    "single",
    "slope_law",
    "store_of",
    "total_fit",
]
