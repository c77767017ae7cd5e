"""A messy file to a frame: look at it, guess what its columns are, clean it, find its places."""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, _ = attached(__name__, __file__)

__all__ = ["MergedZones", "cohorts_from_dates", "merge_zones", "place_labels"]
