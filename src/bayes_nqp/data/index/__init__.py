"""Composite indices from indicators: systems, weighting schemes and their results.

`data.column_inference` and all higher packages may import it.
"""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, _ = attached(__name__, __file__)

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
