"""Pictures, one per file, each a function that returns the matplotlib figure.

They neither show nor save anything: a notebook shows what its cell returns, and
``figure.savefig(path)`` writes a file.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
