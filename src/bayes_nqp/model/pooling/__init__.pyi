from bayes_nqp.model.pooling._complete_pooling import CompletePooling as CompletePooling
from bayes_nqp.model.pooling._no_pooling import NoPooling as NoPooling
from bayes_nqp.model.pooling._partial_pooling import PartialPooling as PartialPooling
from bayes_nqp.model.pooling._pooling import Piece as Piece
from bayes_nqp.model.pooling._pooling import Pooling as Pooling
from bayes_nqp.model.pooling._pooling import flat_pooling as flat_pooling
from bayes_nqp.model.pooling._pooling import single_curve as single_curve
