from ._centrality import Centrality as Centrality
from ._centrality import centrality as centrality
from ._compute import MinMax as MinMax
from ._entropy import Entropy as Entropy
from ._entropy import EntropyTopsis as EntropyTopsis
from ._index import Index as Index
from ._indicator import Dimension as Dimension
from ._indicator import Indicator as Indicator
from ._match import outcome_of as outcome_of
from ._match import rows_in as rows_in
from ._productivity import ProductivityIndex as ProductivityIndex
from ._productivity import built_by_period as built_by_period
from ._recipe import Relation as Relation
from ._recipe import recalled as recalled
from ._recipe import relation as relation
from ._scheme import Scheme as Scheme
from ._schemes import Critic as Critic
from ._schemes import EqualWeights as EqualWeights
from ._schemes import FixedWeights as FixedWeights
from ._schemes import PrincipalComponent as PrincipalComponent
from ._system import IndexSystem as IndexSystem
from ._system import new_quality_productivity as new_quality_productivity
from ._system import system_of as system_of

__all__ = [
    "Centrality",
    "Critic",
    "Dimension",
    "Entropy",
    "EntropyTopsis",
    "EqualWeights",
    "FixedWeights",
    "Index",
    "IndexSystem",
    "Indicator",
    "MinMax",
    "PrincipalComponent",
    "ProductivityIndex",
    "Relation",
    "Scheme",
    "centrality",
    "new_quality_productivity",
    "recalled",
    "relation",
]
