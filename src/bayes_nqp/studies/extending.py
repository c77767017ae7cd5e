"""Keys, values and schemas for extensions that add a table to study files."""

from bayes_nqp.studies._arguments import Schema, described, schema_of
from bayes_nqp.studies._data_keys import Data
from bayes_nqp.studies._decode import check_keys, check_kinds
from bayes_nqp.studies._keys import Keys
from bayes_nqp.studies._new_toml import comment, toml_text
from bayes_nqp.studies._plugins import study_table
from bayes_nqp.studies._study_table import StudyTable, Values
from bayes_nqp.studies._words import in_table

__all__ = [
    "Data",
    "Keys",
    "Schema",
    "StudyTable",
    "Values",
    "check_keys",
    "check_kinds",
    "comment",
    "described",
    "in_table",
    "schema_of",
    "study_table",
    "toml_text",
]
