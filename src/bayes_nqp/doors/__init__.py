"""What public calls refuse at the door: wrong kinds, and keywords of other packages."""

from bayes_nqp.doors._attributes import ATTRIBUTES as ATTRIBUTES
from bayes_nqp.doors._attributes import Attributed as Attributed
from bayes_nqp.doors._attributes import attribute as attribute
from bayes_nqp.doors._door import door
from bayes_nqp.doors._door import held_arguments as held_arguments
from bayes_nqp.doors._door import held_to_kinds as held_to_kinds
from bayes_nqp.doors._door import method_door as method_door

__all__ = ["door"]
