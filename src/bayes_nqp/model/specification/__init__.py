"""Components of a model that designs and terms share: timing, equations, facts, base of terms.

`model.latent_factors`, `model.terms`, `model.designs` and all higher packages may import it.
"""

from bayes_nqp.model.specification._channels import ChannelFacts as ChannelFacts
from bayes_nqp.model.specification._channels import complete_cases as complete_cases
from bayes_nqp.model.specification._equation import BeforeSpec as BeforeSpec
from bayes_nqp.model.specification._equation import EquationSpec as EquationSpec
from bayes_nqp.model.specification._equation import LagSpec as LagSpec
from bayes_nqp.model.specification._equation import LinkedSpec as LinkedSpec
from bayes_nqp.model.specification._equation import MediatorSpec as MediatorSpec
from bayes_nqp.model.specification._equation import Neighbours as Neighbours
from bayes_nqp.model.specification._facts import SEVERAL as SEVERAL
from bayes_nqp.model.specification._facts import Facts as Facts
from bayes_nqp.model.specification._facts import Reach as Reach
from bayes_nqp.model.specification._facts import StatedTerm as StatedTerm
from bayes_nqp.model.specification._facts import Term as Term
from bayes_nqp.model.specification._timing import Calendar as Calendar
from bayes_nqp.model.specification._timing import DoseSpec as DoseSpec
from bayes_nqp.model.specification._timing import Timing as Timing
from bayes_nqp.model.specification._untreated import BareRows as BareRows
from bayes_nqp.model.specification._untreated import bare_rows as bare_rows
from bayes_nqp.model.specification._validate import check_timing as check_timing
from bayes_nqp.model.specification._validate import check_values as check_values
