"""What public calls refuse at the door: wrong kinds, and keywords of other packages."""

from bayes_nqp.doors._door import door

__all__ = ["door"]
