"""Composite indices from indicators: systems, weighting schemes and their results.

`data.column_inference` and all higher packages may import it.
"""

from bayes_nqp.data.index._centrality import Centrality, centrality
from bayes_nqp.data.index._compute import MinMax
from bayes_nqp.data.index._entropy import Entropy, EntropyTopsis
from bayes_nqp.data.index._index import Index
from bayes_nqp.data.index._indicator import Dimension, Indicator
from bayes_nqp.data.index._match import outcome_of as outcome_of
from bayes_nqp.data.index._match import rows_in as rows_in
from bayes_nqp.data.index._productivity import ProductivityIndex
from bayes_nqp.data.index._recipe import Relation, recalled, relation
from bayes_nqp.data.index._scheme import Scheme
from bayes_nqp.data.index._schemes import Critic, EqualWeights, FixedWeights, PrincipalComponent
from bayes_nqp.data.index._system import IndexSystem, new_quality_productivity
from bayes_nqp.data.index._system import system_of as system_of

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
