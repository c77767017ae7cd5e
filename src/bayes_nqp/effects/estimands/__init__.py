"""Compute estimands, one in each file, with pure functions from draws to draws.

`robustness` and all higher packages may import it.
"""

from bayes_nqp._core.types import By
from bayes_nqp.effects.estimands._after_exit import EXITS as EXITS
from bayes_nqp.effects.estimands._after_exit import after_exit, first_switch
from bayes_nqp.effects.estimands._along import (
    by_path,
    channels_of,
    path_coefficients,
    path_coefficients_in_space,
)
from bayes_nqp.effects.estimands._att import att, by_event_time, cumulative
from bayes_nqp.effects.estimands._att import reference_of as reference_of
from bayes_nqp.effects.estimands._att_persons import att_persons
from bayes_nqp.effects.estimands._average import Average as Average
from bayes_nqp.effects.estimands._average import average_of as average_of
from bayes_nqp.effects.estimands._by import Axis as Axis
from bayes_nqp.effects.estimands._by import axes_of as axes_of
from bayes_nqp.effects.estimands._by import entries_of as entries_of
from bayes_nqp.effects.estimands._by import names_of as names_of
from bayes_nqp.effects.estimands._by import strata_labels as strata_labels
from bayes_nqp.effects.estimands._by import unit_effect_name as unit_effect_name
from bayes_nqp.effects.estimands._contrast import at_level as at_level
from bayes_nqp.effects.estimands._contrast import contrast, pairwise_contrasts
from bayes_nqp.effects.estimands._contrast import sides_of as sides_of
from bayes_nqp.effects.estimands._dose_response import dose_response
from bayes_nqp.effects.estimands._dose_response import exposures_of as exposures_of
from bayes_nqp.effects.estimands._effect_curve import effect_curve
from bayes_nqp.effects.estimands._effect_curve import moderators_of as moderators_of
from bayes_nqp.effects.estimands._effects_of import (
    convergence_of,
    effects_of,
    evidence_of,
    lag_of,
    worst_convergence,
)
from bayes_nqp.effects.estimands._frames import ResultFrame as ResultFrame
from bayes_nqp.effects.estimands._growth import Growth, growth
from bayes_nqp.effects.estimands._log_outcome import named_logarithm as named_logarithm
from bayes_nqp.effects.estimands._mediated import ALL as ALL
from bayes_nqp.effects.estimands._mediated import nde, nie, proportion_mediated, total
from bayes_nqp.effects.estimands._moderated import moderated, moderated_difference
from bayes_nqp.effects.estimands._over_periods import (
    impulse_responses,
    long_run_effects,
    spatial_dynamics,
)
from bayes_nqp.effects.estimands._paths_in_space import paths_in_space
from bayes_nqp.effects.estimands._probability import probability, rope, simultaneous_signs
from bayes_nqp.effects.estimands._probability import simultaneous as simultaneous
from bayes_nqp.effects.estimands._rank import prob_best, rank
from bayes_nqp.effects.estimands._registry import ESTIMANDS as ESTIMANDS
from bayes_nqp.effects.estimands._registry import EVENT_TIMES as EVENT_TIMES
from bayes_nqp.effects.estimands._registry import MEDIATORS as MEDIATORS
from bayes_nqp.effects.estimands._registry import MODERATOR as MODERATOR
from bayes_nqp.effects.estimands._registry import OUTCOMES as OUTCOMES
from bayes_nqp.effects.estimands._registry import SPILLOVERS as SPILLOVERS
from bayes_nqp.effects.estimands._registry import Estimand as Estimand
from bayes_nqp.effects.estimands._registry import Offer as Offer
from bayes_nqp.effects.estimands._registry import computed as computed
from bayes_nqp.effects.estimands._registry import estimand as estimand
from bayes_nqp.effects.estimands._registry import estimands_named as estimands_named
from bayes_nqp.effects.estimands._relative_effects import relative_effects
from bayes_nqp.effects.estimands._spillover_effects import own_and_received as own_and_received
from bayes_nqp.effects.estimands._spillover_effects import spillover_effects
from bayes_nqp.effects.estimands._units_behind import same_units, units_behind
from bayes_nqp.effects.estimands._units_behind import units_of as units_of
from bayes_nqp.effects.estimands._variation import heterogeneity_sd, index_variance, shrinkage
from bayes_nqp.effects.estimands._weights import ENOUGH
from bayes_nqp.effects.estimands._weights import before_adoption as before_adoption
from bayes_nqp.effects.estimands._words import EARLY as EARLY
from bayes_nqp.effects.estimands._words import PATHS as PATHS
from bayes_nqp.effects.estimands._words import percent as percent
from bayes_nqp.effects.estimands._words import text
from bayes_nqp.effects.estimands._words import words as words

__all__ = [
    "ENOUGH",
    "By",
    "Growth",
    "after_exit",
    "att",
    "att_persons",
    "by_event_time",
    "by_path",
    "channels_of",
    "contrast",
    "convergence_of",
    "cumulative",
    "dose_response",
    "effect_curve",
    "effects_of",
    "evidence_of",
    "first_switch",
    "growth",
    "heterogeneity_sd",
    "impulse_responses",
    "index_variance",
    "lag_of",
    "long_run_effects",
    "moderated",
    "moderated_difference",
    "named_logarithm",
    "nde",
    "nie",
    "pairwise_contrasts",
    "path_coefficients",
    "path_coefficients_in_space",
    "paths_in_space",
    "prob_best",
    "probability",
    "proportion_mediated",
    "rank",
    "relative_effects",
    "rope",
    "same_units",
    "shrinkage",
    "simultaneous_signs",
    "spatial_dynamics",
    "spillover_effects",
    "text",
    "total",
    "units_behind",
    "worst_convergence",
]
