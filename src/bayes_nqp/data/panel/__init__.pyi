from ._build import free_name as free_name
from ._cohorts import declared as declared
from ._cross_section import CrossSection as CrossSection
from ._cross_section import cross_section as cross_section
from ._derive import where as where
from ._derive import with_cohorts as with_cohorts
from ._doubtful_numbers import doubtful_numbers as doubtful_numbers
from ._doubtful_numbers import notes_of_numbers as notes_of_numbers
from ._pair_columns import of_one_end as of_one_end
from ._pairs import ADOPTIONS as ADOPTIONS
from ._pairs import ENDS as ENDS
from ._pairs import Pairs as Pairs
from ._pairs import is_paired as is_paired
from ._pairs import pairs_of as pairs_of
from ._panel import Panel as Panel
from ._paths import switches as switches
from ._roles import Roles as Roles
from ._stratify import baseline as baseline
from ._stratify import numeric as numeric
from ._unit_column import unit_column as unit_column
from ._unit_column import units_alone as units_alone
from ._unit_column import with_stratum as with_stratum

__all__ = ["Panel", "Roles"]
