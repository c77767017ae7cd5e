"""Planning: the model of a panel becomes cells, coefficients and Gaussian problems."""

from bayes_nqp.planning._columns import centred as centred
from bayes_nqp.planning._frame import PlanFrame as PlanFrame
from bayes_nqp.planning._frame import frame_of as frame_of
from bayes_nqp.planning._layout import RowLayout as RowLayout
from bayes_nqp.planning._layout import cell_names as cell_names
from bayes_nqp.planning._layout import cell_slopes as cell_slopes
from bayes_nqp.planning._layout import node_names as node_names
from bayes_nqp.planning._layout import row_layout as row_layout
from bayes_nqp.planning._plan import CellInfo as CellInfo
from bayes_nqp.planning._plan import Equation as Equation
from bayes_nqp.planning._plan import Plan as Plan
from bayes_nqp.planning._planned import before_all_adopt as before_all_adopt
from bayes_nqp.planning._planned import plan_model as plan_model
from bayes_nqp.planning._planned import plan_of, support
from bayes_nqp.planning._redealt import Redealt as Redealt
from bayes_nqp.planning._redealt import redealt as redealt
from bayes_nqp.planning._spread import step_squares as step_squares

__all__ = ["plan_of", "support"]
