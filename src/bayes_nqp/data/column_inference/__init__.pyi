from ._clean import cleaned as cleaned
from ._clean import with_numbers as with_numbers
from ._cohorts import cohorts_from_dates as cohorts_from_dates
from ._file_overview import Look as Look
from ._file_overview import look as look
from ._file_overview import named as named
from ._guess_cells import refuse_formulas as refuse_formulas
from ._guess_zones import prefecture_of as prefecture_of
from ._guessed import Guess as Guess
from ._infer_roles import guess as guess
from ._infer_roles import placed as placed
from ._merge_zones import merge_zones as merge_zones
from ._merged import MergedZones as MergedZones
from ._place_labels import place_labels as place_labels
from ._places import match as match
from ._spellings import advice as advice

__all__ = ["MergedZones", "cohorts_from_dates", "merge_zones", "place_labels"]
