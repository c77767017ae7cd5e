"""The panel: units, periods, first treatment and outcome, validated once and then frozen.

`data.datasets`, `data.index` and all higher packages may import it.
"""

from bayes_nqp.data.panel._build import free_name as free_name
from bayes_nqp.data.panel._cohorts import declared as declared
from bayes_nqp.data.panel._cross_section import CrossSection as CrossSection
from bayes_nqp.data.panel._cross_section import cross_section as cross_section
from bayes_nqp.data.panel._derive import where as where
from bayes_nqp.data.panel._derive import with_cohorts as with_cohorts
from bayes_nqp.data.panel._doubtful_numbers import doubtful_numbers as doubtful_numbers
from bayes_nqp.data.panel._doubtful_numbers import notes_of_numbers as notes_of_numbers
from bayes_nqp.data.panel._pair_columns import of_one_end as of_one_end
from bayes_nqp.data.panel._pairs import ADOPTIONS as ADOPTIONS
from bayes_nqp.data.panel._pairs import ENDS as ENDS
from bayes_nqp.data.panel._pairs import Pairs as Pairs
from bayes_nqp.data.panel._pairs import is_paired as is_paired
from bayes_nqp.data.panel._pairs import pairs_of as pairs_of
from bayes_nqp.data.panel._panel import Panel
from bayes_nqp.data.panel._roles import Roles
from bayes_nqp.data.panel._unit_column import unit_column as unit_column
from bayes_nqp.data.panel._unit_column import units_alone as units_alone
from bayes_nqp.data.panel._unit_column import with_stratum as with_stratum

__all__ = ["Panel", "Roles"]
