"""The model frame: cells, coefficients and one Gaussian problem for each equation.

It is made from a design and a panel. `inference.pymc_model`, `inference.fitting` and all higher
packages may import it.
"""

from bayes_nqp.inference.model_frame._codes import PlanFrame as PlanFrame
from bayes_nqp.inference.model_frame._codes import frame_of as frame_of
from bayes_nqp.inference.model_frame._columns import centred as centred
from bayes_nqp.inference.model_frame._error_variances import step_squares as step_squares
from bayes_nqp.inference.model_frame._layout import RowLayout as RowLayout
from bayes_nqp.inference.model_frame._layout import cell_names as cell_names
from bayes_nqp.inference.model_frame._layout import cell_slopes as cell_slopes
from bayes_nqp.inference.model_frame._layout import node_names as node_names
from bayes_nqp.inference.model_frame._layout import row_layout as row_layout
from bayes_nqp.inference.model_frame._make_model_frame import before_all_adopt as before_all_adopt
from bayes_nqp.inference.model_frame._make_model_frame import identification, plan_of
from bayes_nqp.inference.model_frame._make_model_frame import plan_model as plan_model
from bayes_nqp.inference.model_frame._model_frame import CellInfo as CellInfo
from bayes_nqp.inference.model_frame._model_frame import Equation as Equation
from bayes_nqp.inference.model_frame._model_frame import ModelFrame as ModelFrame
from bayes_nqp.inference.model_frame._permuted_adoption import Redealt as Redealt
from bayes_nqp.inference.model_frame._permuted_adoption import redealt as redealt

__all__ = ["identification", "plan_of"]
