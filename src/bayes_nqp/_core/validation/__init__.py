"""Validate the arguments of public calls, and suggest names for misspelled or foreign ones.

It also provides the decorators `value` and `attribute`. Every package may import it.
"""

from bayes_nqp._core.validation._attributed import CheckResultAttributes as CheckResultAttributes
from bayes_nqp._core.validation._attributed import DrawsAttributes as DrawsAttributes
from bayes_nqp._core.validation._attributed import FitAttributes as FitAttributes
from bayes_nqp._core.validation._attributed import PanelAttributes as PanelAttributes
from bayes_nqp._core.validation._attributed import TableAttributes as TableAttributes
from bayes_nqp._core.validation._attributes import ATTRIBUTES as ATTRIBUTES
from bayes_nqp._core.validation._attributes import attribute as attribute
from bayes_nqp._core.validation._names import absent as absent
from bayes_nqp._core.validation._names import answer as answer
from bayes_nqp._core.validation._validated import door
from bayes_nqp._core.validation._validated import held as held
from bayes_nqp._core.validation._validated import held_arguments as held_arguments
from bayes_nqp._core.validation._validated import held_to_kinds as held_to_kinds
from bayes_nqp._core.validation._validated import method_door as method_door
from bayes_nqp._core.validation._validated import value as value

__all__ = ["door"]
