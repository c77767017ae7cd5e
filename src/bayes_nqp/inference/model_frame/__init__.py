"""Planning: the model of a panel becomes cells, coefficients and Gaussian problems."""

from bayes_nqp.inference.model_frame._codes import PanelCodes as PanelCodes
from bayes_nqp.inference.model_frame._codes import codes_of as codes_of
from bayes_nqp.inference.model_frame._columns import centred as centred
from bayes_nqp.inference.model_frame._error_variances import step_squares as step_squares
from bayes_nqp.inference.model_frame._layout import RowLayout as RowLayout
from bayes_nqp.inference.model_frame._layout import cell_names as cell_names
from bayes_nqp.inference.model_frame._layout import cell_slopes as cell_slopes
from bayes_nqp.inference.model_frame._layout import node_names as node_names
from bayes_nqp.inference.model_frame._layout import row_layout as row_layout
from bayes_nqp.inference.model_frame._make_model_frame import before_all_adopt as before_all_adopt
from bayes_nqp.inference.model_frame._make_model_frame import identification, model_frame_of
from bayes_nqp.inference.model_frame._make_model_frame import make_model_frame as make_model_frame
from bayes_nqp.inference.model_frame._model_frame import CellInfo as CellInfo
from bayes_nqp.inference.model_frame._model_frame import Equation as Equation
from bayes_nqp.inference.model_frame._model_frame import ModelFrame as ModelFrame
from bayes_nqp.inference.model_frame._permuted_adoption import PermutedAdoption as PermutedAdoption
from bayes_nqp.inference.model_frame._permuted_adoption import (
    permuted_adoption as permuted_adoption,
)

__all__ = ["identification", "model_frame_of"]
