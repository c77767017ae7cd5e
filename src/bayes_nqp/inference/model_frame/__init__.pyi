from ._codes import PlanFrame as PlanFrame
from ._codes import frame_of as frame_of
from ._columns import centred as centred
from ._error_variances import step_squares as step_squares
from ._layout import RowLayout as RowLayout
from ._layout import cell_names as cell_names
from ._layout import cell_slopes as cell_slopes
from ._layout import node_names as node_names
from ._layout import row_layout as row_layout
from ._make_model_frame import before_all_adopt as before_all_adopt
from ._make_model_frame import identification as identification
from ._make_model_frame import plan_model as plan_model
from ._make_model_frame import plan_of as plan_of
from ._model_frame import CellInfo as CellInfo
from ._model_frame import Equation as Equation
from ._model_frame import ModelFrame as ModelFrame
from ._permuted_adoption import Redealt as Redealt
from ._permuted_adoption import redealt as redealt

__all__ = ["identification", "plan_of"]
