"""Studies: a .toml file that says everything, and running it."""

from bayes_nqp.studies._add import Added, add_index, add_zones, write_beside
from bayes_nqp.studies._json_schema import json_schema, json_text
from bayes_nqp.studies._new import Proposal, new
from bayes_nqp.studies._outcome import Outcome
from bayes_nqp.studies._parse import titles
from bayes_nqp.studies._run import run
from bayes_nqp.studies._shipped import find, shipped
from bayes_nqp.studies._study import Study, validate

__all__ = [
    "Added",
    "Outcome",
    "Proposal",
    "Study",
    "add_index",
    "add_zones",
    "find",
    "json_schema",
    "json_text",
    "new",
    "run",
    "shipped",
    "titles",
    "validate",
    "write_beside",
]
