"""Studies: a .toml file that says everything, and running it."""

from bayes_nqp.studies._outcome import Outcome
from bayes_nqp.studies._parse import titles
from bayes_nqp.studies._run import run
from bayes_nqp.studies._study import Study, validate

__all__ = ["Outcome", "Study", "run", "titles", "validate"]
