"""Common factors of untreated observations: estimation, their number, and redraws.

`model.terms` and all higher packages may import it.
"""

from bayes_nqp.model.latent_factors._least_squares import SeriesFit as SeriesFit
from bayes_nqp.model.latent_factors._least_squares import least_squares as least_squares
from bayes_nqp.model.latent_factors._least_squares import net_rows as net_rows
from bayes_nqp.model.latent_factors._least_squares import with_level as with_level
from bayes_nqp.model.latent_factors._net_rows import SPARE as SPARE
from bayes_nqp.model.latent_factors._net_rows import NetRows as NetRows
from bayes_nqp.model.latent_factors._number import BLOCKS as BLOCKS
from bayes_nqp.model.latent_factors._number import LEAST as LEAST
from bayes_nqp.model.latent_factors._number import MOST as MOST
from bayes_nqp.model.latent_factors._number import REDRAWS as REDRAWS
from bayes_nqp.model.latent_factors._number import held_out_gains as held_out_gains
from bayes_nqp.model.latent_factors._number import redraws_of as redraws_of
from bayes_nqp.model.latent_factors._number import series_of as series_of
