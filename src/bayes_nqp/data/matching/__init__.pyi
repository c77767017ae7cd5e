from ._match import match as match
from ._match_baseline import match_baseline as match_baseline
from ._matched import Matched as Matched
from ._method_entropy import entropy_weights as entropy_weights
from ._method_kernel import kernel_shares as kernel_shares
from ._methods import METHODS as METHODS
from ._methods import matching as matching
from ._pool import FEWEST as FEWEST
from ._pool import Pool as Pool

__all__ = ["Matched", "match"]
