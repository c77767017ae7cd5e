from . import datasets as datasets
from . import plots as plots
from .compression import AR1 as AR1
from .compression import IID as IID
from .designs import StaggeredDiD as StaggeredDiD
from .designs import support as support
