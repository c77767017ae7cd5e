"""Inspect an untidy file, infer the roles of its columns, clean it and merge policy lists.

`data.simulation` and all packages above `data` may import it.
"""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, _ = attached(__name__, __file__)

__all__ = ["MergedZones", "cohorts_from_dates", "merge_zones", "place_labels"]
