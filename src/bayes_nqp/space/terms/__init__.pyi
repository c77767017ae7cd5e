from bayes_nqp.space.terms._rings import Donut as Donut
from bayes_nqp.space.terms._rings import Rings as Rings
from bayes_nqp.space.terms._share_treated import ShareTreated as ShareTreated
from bayes_nqp.space.terms._spatial_lag import SpatialLag as SpatialLag
from bayes_nqp.space.terms._spillover import RingTerm as RingTerm
from bayes_nqp.space.terms._spillover import Unexposed as Unexposed
from bayes_nqp.space.terms._spillover import rising as rising
