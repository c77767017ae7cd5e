from ._batch import Kept as Kept
from ._batch import Numbers as Numbers
from ._batch import batch as batch
from ._bayes_r2 import bayes_r2 as bayes_r2
from ._coefficient_draws import pairs_coefficients as pairs_coefficients
from ._conditional_fits import GIVEN_LAG as GIVEN_LAG
from ._conditional_fits import fit_given_channels as fit_given_channels
from ._conditional_fits import fit_given_lag as fit_given_lag
from ._conditional_fits import follows as follows
from ._differential_trend import differential_trend as differential_trend
from ._effect_curves import CurveDraws as CurveDraws
from ._effect_curves import ResponseDraws as ResponseDraws
from ._effect_curves import effect_curves_of as effect_curves_of
from ._effect_curves import response_of as response_of
from ._effect_loads import effect_loads as effect_loads
from ._effects_dataset import effects_dataset as effects_dataset
from ._excluded_rows import apart as apart
from ._excluded_rows import reached_rows as reached_rows
from ._excluded_rows import rows_without as rows_without
from ._existing_draws import ExistingDraws as ExistingDraws
from ._fit import Fit as Fit
from ._fit import fit as fit
from ._fit import fit_again as fit_again
from ._fit_index import fit_index as fit_index
from ._fit_index import pooled_over as pooled_over
from ._from_pymc import from_pymc as from_pymc
from ._group_sums import effect_sums as effect_sums
from ._group_sums import group_rows as group_rows
from ._impacts import impacts as impacts
from ._lag_unit_effects import lag_unit_effects as lag_unit_effects
from ._latent_predictive import LatentPredictive as LatentPredictive
from ._linked import lag_draws as lag_draws
from ._linked import own_receivers as own_receivers
from ._linked import received_of_rows as received_of_rows
from ._linked import treatment_coefficients as treatment_coefficients
from ._load import load as load
from ._log_priors import log_priors as log_priors
from ._log_priors import parameter_draws as parameter_draws
from ._marginal import Marginal as Marginal
from ._marginal import held_out as held_out
from ._marginal import log_marginal as log_marginal
from ._mediate import Mediated as Mediated
from ._mediate import mediate as mediate
from ._mediator_lag_receivers import cells_of_rows as cells_of_rows
from ._mode_averages import mode_averages as mode_averages
from ._mode_averages import modes as modes
from ._mode_averages import permuted_averages as permuted_averages
from ._moderation import moderation_draws as moderation_draws
from ._moderation import moderator_rows as moderator_rows
from ._moderation import path_coefficient_draws as path_coefficient_draws
from ._needs import ABSORBING as ABSORBING
from ._needs import ADDITIVE as ADDITIVE
from ._needs import ADOPTION as ADOPTION
from ._needs import APART as APART
from ._needs import CHANNELS as CHANNELS
from ._needs import DOSE as DOSE
from ._needs import DYNAMIC as DYNAMIC
from ._needs import EXITING as EXITING
from ._needs import GAPS as GAPS
from ._needs import IN_SPACE as IN_SPACE
from ._needs import LAGGED as LAGGED
from ._needs import LINKED as LINKED
from ._needs import RECEIVED as RECEIVED
from ._needs import REFITS as REFITS
from ._needs import RESIDUALS as RESIDUALS
from ._needs import ROWS as ROWS
from ._needs import SEPARATE as SEPARATE
from ._needs import SUMS as SUMS
from ._needs import TRENDS as TRENDS
from ._needs import UNIT_DOSES as UNIT_DOSES
from ._needs import UNITS as UNITS
from ._needs import UNSELECTED as UNSELECTED
from ._needs import Need as Need
from ._needs import meets as meets
from ._needs import require as require
from ._new_unit import new_unit_effects as new_unit_effects
from ._new_unit import path_covariance_draws as path_covariance_draws
from ._over_periods import RUNS as RUNS
from ._parameters import parameter_units as parameter_units
from ._parameters import unconstrained as unconstrained
from ._paths import lagged as lagged
from ._posterior_mean import posterior_mean as posterior_mean
from ._predictive import Replication as Replication
from ._predictive import posterior_predictive as posterior_predictive
from ._predictive import replications as replications
from ._prior import prior_predictive as prior_predictive
from ._quick_effects import SHORT as SHORT
from ._quick_effects import SlopeLaw as SlopeLaw
from ._quick_effects import quick_effects as quick_effects
from ._quick_effects import slope_law as slope_law
from ._refits import OUTCOME_ALONE as OUTCOME_ALONE
from ._refits import identity as identity
from ._refits import keep_in as keep_in
from ._refits import lead_fit as lead_fit
from ._refits import numbers_of as numbers_of
from ._refits import panel_of as panel_of
from ._refits import refit as refit
from ._refits import refit_alike as refit_alike
from ._refits import short_refit as short_refit
from ._refits import single as single
from ._refits import total_fit as total_fit
from ._reported import covariate_names as covariate_names
from ._reported import covariate_slopes as covariate_slopes
from ._reported import deviation_draws as deviation_draws
from ._reported import effects_on_mediator as effects_on_mediator
from ._reported import equation_draws as equation_draws
from ._reported import error_draws as error_draws
from ._reported import mediator_covariance as mediator_covariance
from ._reported import mediator_slopes as mediator_slopes
from ._reported import scalar_draws as scalar_draws
from ._reported import sigma_draws as sigma_draws
from ._reused_draws import reused_draws as reused_draws
from ._runs import response_draws as response_draws
from ._runs import run_draws as run_draws
from ._serialize import dataset_from as dataset_from
from ._serialize import dataset_parts as dataset_parts
from ._serialize import frame_from as frame_from
from ._serialize import frame_parts as frame_parts
from ._serialize import packed as packed
from ._serialize import unpacked as unpacked
from ._store import Store as Store
from ._store import kept as kept
from ._store import once as once
from ._store import renamed as renamed
from ._store import store_of as store_of
from ._unit_likelihood import LeftOut as LeftOut
from ._unit_likelihood import left_out as left_out
from ._unit_likelihood import log_likelihood as log_likelihood

__all__ = [
    "ADDITIVE",
    "ADOPTION",
    "APART",
    "CHANNELS",
    "DOSE",
    "DYNAMIC",
    "GAPS",
    "GIVEN_LAG",
    "IN_SPACE",
    "LAGGED",
    "LINKED",
    "OUTCOME_ALONE",
    "RECEIVED",
    "REFITS",
    "RESIDUALS",
    "ROWS",
    "SEPARATE",
    "SHORT",
    "TRENDS",
    "UNITS",
    "UNIT_DOSES",
    "UNSELECTED",
    "ExistingDraws",
    "Fit",
    "Kept",
    "LatentPredictive",
    "LeftOut",
    "Marginal",
    "Mediated",
    "Need",
    "Numbers",
    "Replication",
    "SlopeLaw",
    "Store",
    "batch",
    "bayes_r2",
    "covariate_names",
    "covariate_slopes",
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
    "lead_fit",
    "left_out",
    "load",
    "log_likelihood",
    "log_marginal",
    "log_priors",
    "mediate",
    "mediator_covariance",
    "mediator_slopes",
    "meets",
    "mode_averages",
    "modes",
    "new_unit_effects",
    "numbers_of",
    "once",
    "pairs_coefficients",
    "panel_of",
    "parameter_draws",
    "path_covariance_draws",
    "permuted_averages",
    "pooled_over",
    "posterior_mean",
    "posterior_predictive",
    "prior_predictive",
    "quick_effects",
    "refit",
    "refit_alike",
    "renamed",
    "replications",
    "require",
    "reused_draws",
    "scalar_draws",
    "short_refit",
    "sigma_draws",
    "single",
    "slope_law",
    "store_of",
    "total_fit",
]
