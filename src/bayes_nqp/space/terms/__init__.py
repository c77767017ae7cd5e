"""Spatial terms of designs, one a file: distance bands, spatial lags and spillovers.

`bayes_nqp.model.designs` and the other folders of `space` may import it.
"""

from bayes_nqp._core.lazy import discovered

globals().update(discovered(__name__))
