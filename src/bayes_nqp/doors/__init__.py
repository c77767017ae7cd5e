"""What public calls refuse at the door: wrong kinds, and keywords of other packages."""

from bayes_nqp.doors._door import door
from bayes_nqp.doors._door import method_door as method_door

__all__ = ["door"]
