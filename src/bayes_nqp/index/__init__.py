"""Indices from indicators: systems, weighting schemes, and the index that they give."""

from bayes_nqp.index._critic import Critic
from bayes_nqp.index._entropy import Entropy
from bayes_nqp.index._equal import EqualWeights
from bayes_nqp.index._fixed import FixedWeights
from bayes_nqp.index._index import Index
from bayes_nqp.index._indicator import Dimension, Indicator
from bayes_nqp.index._match import outcome_of as outcome_of
from bayes_nqp.index._match import rows_in as rows_in
from bayes_nqp.index._normalise import MinMax
from bayes_nqp.index._principal_component import PrincipalComponent
from bayes_nqp.index._productivity import ProductivityIndex
from bayes_nqp.index._provenance import recalled
from bayes_nqp.index._ready import new_quality_productivity
from bayes_nqp.index._relation import Relation, relation
from bayes_nqp.index._scheme import Scheme
from bayes_nqp.index._system import IndexSystem
from bayes_nqp.index._system import system_of as system_of
from bayes_nqp.index._topsis import EntropyTopsis

__all__ = [
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
    "new_quality_productivity",
    "recalled",
    "relation",
]
