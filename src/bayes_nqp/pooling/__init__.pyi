from bayes_nqp.pooling._complete import Complete as Complete
from bayes_nqp.pooling._partial import Partial as Partial
from bayes_nqp.pooling._pooling import Piece as Piece
from bayes_nqp.pooling._pooling import Pooling as Pooling
from bayes_nqp.pooling._pooling import flat_pooling as flat_pooling
from bayes_nqp.pooling._pooling import single_curve as single_curve
from bayes_nqp.pooling._separate import Separate as Separate
