"""Effects under violations of parallel trends, for any linear estimand."""

from bayes_nqp.checks.robust._groups import groups_of as groups_of
from bayes_nqp.checks.robust._priors import NormalSteps, UniformSteps
from bayes_nqp.checks.robust._regions import sensitivity
from bayes_nqp.checks.robust._study import Study, event_study_draws
from bayes_nqp.checks.robust._study import study_of as study_of

__all__ = ["NormalSteps", "Study", "UniformSteps", "event_study_draws", "sensitivity"]
