from bayes_nqp.output.plots._adoption import adoption as adoption
from bayes_nqp.output.plots._bacon import bacon as bacon
from bayes_nqp.output.plots._calibration import calibration as calibration
from bayes_nqp.output.plots._caterpillar import caterpillar as caterpillar
from bayes_nqp.output.plots._channels import channels as channels
from bayes_nqp.output.plots._check import check as check
from bayes_nqp.output.plots._decomposition import decomposition as decomposition
from bayes_nqp.output.plots._differential_trend import differential_trend as differential_trend
from bayes_nqp.output.plots._dose_response import dose_response as dose_response
from bayes_nqp.output.plots._effect_curve import effect_curve as effect_curve
from bayes_nqp.output.plots._effect_map import effect_map as effect_map
from bayes_nqp.output.plots._entry_and_exit import entry_and_exit as entry_and_exit
from bayes_nqp.output.plots._estimators import estimators as estimators
from bayes_nqp.output.plots._event_study import event_study as event_study
from bayes_nqp.output.plots._evidence_mediation_sensitivity import (
    mediation_sensitivity as mediation_sensitivity,
)
from bayes_nqp.output.plots._evidence_trend_sensitivity import (
    trend_sensitivity as trend_sensitivity,
)
from bayes_nqp.output.plots._forest import forest as forest
from bayes_nqp.output.plots._love import love as love
from bayes_nqp.output.plots._model_average import model_average as model_average
from bayes_nqp.output.plots._moderation import moderation as moderation
from bayes_nqp.output.plots._panel import panel as panel
from bayes_nqp.output.plots._paths import paths as paths
from bayes_nqp.output.plots._registry import DRAWERS as DRAWERS
from bayes_nqp.output.plots._registry import PLOTS as PLOTS
from bayes_nqp.output.plots._registry import Appearance as Appearance
from bayes_nqp.output.plots._registry import Sketch as Sketch
from bayes_nqp.output.plots._registry import evidence as evidence
from bayes_nqp.output.plots._registry import plot as plot
from bayes_nqp.output.plots._registry import sketches as sketches
from bayes_nqp.output.plots._scene import Scene as Scene
from bayes_nqp.output.plots._shrinkage import shrinkage as shrinkage
from bayes_nqp.output.plots._zone_map import zone_map as zone_map
from bayes_nqp.space.plots._decay import decay as decay
from bayes_nqp.space.plots._impulse_responses import impulse_responses as impulse_responses
from bayes_nqp.space.plots._lisa_map import lisa_map as lisa_map
from bayes_nqp.space.plots._spatial_links import spatial_links as spatial_links
from bayes_nqp.space.plots._spillover_effects import spillover_effects as spillover_effects
from bayes_nqp.space.plots._weights_probabilities import (
    weights_probabilities as weights_probabilities,
)
