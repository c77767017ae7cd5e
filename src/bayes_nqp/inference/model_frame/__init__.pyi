from ._codes import PanelCodes as PanelCodes
from ._codes import codes_of as codes_of
from ._columns import centred as centred
from ._effects import EffectMap as EffectMap
from ._error_variances import step_squares as step_squares
from ._layout import RowLayout as RowLayout
from ._layout import cell_names as cell_names
from ._layout import cell_slopes as cell_slopes
from ._layout import row_layout as row_layout
from ._layout import time_effect_names as time_effect_names
from ._make_model_frame import before_all_adopt as before_all_adopt
from ._make_model_frame import identification as identification
from ._make_model_frame import make_model_frame as make_model_frame
from ._make_model_frame import model_frame_of as model_frame_of
from ._model_frame import CellInfo as CellInfo
from ._model_frame import Equation as Equation
from ._model_frame import ModelFrame as ModelFrame
from ._permuted_adoption import PermutedAdoption as PermutedAdoption
from ._permuted_adoption import permuted_adoption as permuted_adoption

__all__ = ["identification", "model_frame_of"]
