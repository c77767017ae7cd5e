"""Inspect an untidy file, infer the roles of its columns, clean it and merge policy lists.

`data.simulation` and all packages above `data` may import it.
"""

from bayes_nqp.data.column_inference._clean import cleaned as cleaned
from bayes_nqp.data.column_inference._clean import with_numbers as with_numbers
from bayes_nqp.data.column_inference._cohorts import cohorts_from_dates
from bayes_nqp.data.column_inference._file_overview import Look as Look
from bayes_nqp.data.column_inference._file_overview import look as look
from bayes_nqp.data.column_inference._file_overview import named as named
from bayes_nqp.data.column_inference._guess_cells import refuse_formulas as refuse_formulas
from bayes_nqp.data.column_inference._guess_zones import prefecture_of as prefecture_of
from bayes_nqp.data.column_inference._guessed import Guess as Guess
from bayes_nqp.data.column_inference._infer_roles import guess as guess
from bayes_nqp.data.column_inference._infer_roles import placed as placed
from bayes_nqp.data.column_inference._merge_zones import merge_zones
from bayes_nqp.data.column_inference._merged import MergedZones
from bayes_nqp.data.column_inference._place_labels import place_labels
from bayes_nqp.data.column_inference._places import match as match
from bayes_nqp.data.column_inference._spellings import advice as advice

__all__ = ["MergedZones", "cohorts_from_dates", "merge_zones", "place_labels"]
