"""What figures say, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import xarray as xr

from bayes_nqp.errors import StudyError
from bayes_nqp.language import closed

__all__ = ["Language", "effect_label", "percent", "words"]

type Language = Literal["en", "zh"]

_ENGLISH = {
    "language": "en",
    "event_time": "Event time (periods since adoption)",
    "effect": "Effect",
    "effect_on": "Effect on {}",
    "overall": "Overall",
    "contrasts": "Contrasts",
    "mean_interval": "Mean [{}]",
    "interval": "{} interval",
    "p_positive": "P(> 0)",
    "points": "Points: posterior means. Thick and thin bars: 50% and {} equal-tailed intervals.",
    "reference": "Zero is the expected path without the policy.",
    "leads_note": "Leads: a fit of their own, relative to event time −1; effects: relative to all "
    "periods before adoption.",
    "reference_point": "reference",
    "behind": "Grey line: all groups together.",
    "units": "units",
    "few_units": "Faint: fewer than {} units.",
    "other_units": "Points do not all rest on the same units.",
    "contrasts_left_out": "Contrasts are left out for strata with more than {} levels.",
    "filled": "Filled: the interval excludes zero.",
    "not_shown": "… {} not shown …",
    "weighted_average": "Dashed: average effect on the treated.",
    "separate": "no pooling",
    "partial": "partial pooling",
    "separate_axis": "Effect without pooling",
    "partial_axis": "Effect with partial pooling",
    "no_shrinkage": "no shrinkage",
    "area": "Points: posterior means. Area: rows behind the effect.",
    "never": "never treated",
    "not_yet": "not yet treated",
    "treated": "treated (colour: cohort)",
    "no_row": "no row",
    "units_n": "{} units",
    "units_1": "1 unit",
    "share": "Each row: the units of one cohort and stratum; their number is in brackets.",
    "share_cohort": "Each row: the units of one cohort; their number is in brackets.",
    "difference_of": "Difference: {}",
    "first_is_own": "Black: the fit itself.",
    "time_by": "time effects by {}",
    "time_common": "common time effects",
    "time_pooled": "{}, pooled",
    "r_hat": "R-hat (at most {})",
    "ess": "Effective draws (at least {:.0f})",
    "khat": "k-hat (below {:.2f})",
    "weights": "Effective weights (at least {:.0f})",
    "ess_key": "Effective draws: filled, bulk; hollow, tail. Red: beyond the threshold.",
    "worst_first": "The quantities nearest to a threshold come first.",
    "period": "Time",
    "cohort": "Cohort",
    "cell_few": "Orange corner: fewer than 3 units or controls.",
    "cell_prior": "Purple corner: the cell's own effect rests on pooling.",
    "cell_lost": "Red cross: not identified.",
    "cells_key": "Each square: the treated rows of one cohort in one period, their number and "
    "shade.",
    "failed": "convergence gate failed",
    "because": "{}: {}",
    "unverified": "Convergence gate: unverified.",
    "calibration_truths": "Truths: {} draws from {}, outcomes simulated on the panel's own rows.",
    "calibration_band": "Grey: what the whole curve keeps to in {} of cases if ranks are uniform; "
    "red: adjusted p-value below .05.",
    "calibration_range": "Shaded: where coverage would be in {} of cases if it is nominal (lines); "
    "filled: outside.",
    "calibration_left_out": "The {} quantities with the most uniform ranks are left out.",
    "source_prior": "the prior",
    "source_other": "the prior of another design",
    "source_posterior": "the posterior",
    "ecdf_difference": "ECDF of ranks − uniform",
    "rank": "Rank of the truth among draws (share)",
    "coverage_axis": "Coverage",
    "band": "Band: {} interval of the fit itself.",
    "comparison_only": "Hollow: for comparison only.",
    "own_target": "Diamonds: what the fit itself says of the same cells.",
    "placebo_z": "Average effect over its posterior sd",
    "permutations": "Permutations",
    "actual": "actual",
    "placebos": "Bars: {} permutations of the cohorts within strata. Dashed: ±1.96. p = {}.",
    "own_steps": "own bounds",
    "relative_magnitudes": "M̄: changes after adoption over the largest before it",
    "smoothness": "M: change of the violation's slope per period",
    "robust_note": "Blue: robust {0} region; orange: {0} interval under parallel trends, with its "
    "posterior mean, from the fit with leads.",
    "breakdown": "breakdown {}",
    "a_period": " ({} a period)",
    "breakdown_note": "Dashed: breakdown, beyond which the region holds zero.",
    "holds_zero": "interval holds zero",
    "no_breakdown": "no breakdown",
    "lead_fit": "Hollow: leads; filled: effects of the same fit; both from event time {}.",
    "lead_bound": "Grey: within the size of the average effect (or twice its sd), where leads "
    "should lie.",
    "trend_line": "Line: the differential trend before adoption, dashed where it is prolonged, "
    "with its {} interval.",
    "autocorrelation, lag 1": "Autocorrelation, lag 1",
    "autocorrelation, lag 2": "Autocorrelation, lag 2",
    "autocorrelation, lag 3": "Autocorrelation, lag 3",
    "partial autocorrelation, lag 2": "Partial autocorrelation, lag 2",
    "kurtosis of innovations": "Kurtosis of innovations",
    "largest innovation": "Largest innovation, in sd",
    "spread between strata": "Largest over smallest sd, strata",
    "spread between periods": "Largest over smallest sd, periods",
    "pre-period slope": "Slope of the treated before adoption",
    "last pre-period": "Last period before adoption",
    "pre-period steps": "Steps before adoption, rms",
    "sd within units": "Sd within units",
    "sd of changes": "Sd of changes",
    "treated less untreated": "Treated less untreated",
    "sd of treated less untreated": "Sd of treated less untreated",
    "drawn_posterior": "Grey: {} panels drawn from the fitted model; coloured: observed.",
    "drawn_prior": "Grey: {} panels drawn from the priors; coloured: observed.",
    "p_single": "p: two-sided, each statistic by itself; red: farther out than 95% of such panels "
    "have any statistic.",
    "p_together": "All together: p = {}.",
    "distances": "Bars hold 95% of panels; red: farther out than 95% of panels have any.",
    "distance_sd": "Observed less mean of replications, in their sd",
    "sensitivity": "Power-scaling sensitivity (log scale)",
    "to_prior": "to the priors",
    "to_likelihood": "to the likelihood",
    "power_scaling": "Dashed: threshold {}. Bold: sensitive to the priors. Above: effects; below: "
    "parameters.",
    "at_floor": "Values below {} are drawn there.",
    "at_event_time": "event time {}",
    "shift_in_sd": "Shift of the average effect without the unit, in posterior sd",
    "att_without": "effect without",
    "treated_unit": "treated",
    "control_unit": "never treated",
    "refitted": "refitted",
    "others_n": "{} others",
    "influence_key": "Average effect on the treated rows of the other units, less that of all. "
    "Grey band: one posterior sd.",
    "influence_k": "k: Pareto k of the importance weights, red above {}, where only a refit can "
    "tell.",
    "policy": "Treatment",
    "direct": "Direct",
    "all mediators": "All mediators",
    "total": "Total",
    "paths_key": "On arrows: posterior means and {} equal-tailed intervals, mediators in their own "
    "units. Thicker: surer of the sign. Blue: above zero, orange: below, grey: the interval holds "
    "zero.",
    "products": "Indirect effects average products over cells, which products of averages need not "
    "equal.",
    "last_through": "An indirect effect is what enters the outcome last through that mediator; it "
    "is causal by itself only if mediators do not affect one another.",
    "lagged": "Lag of the mediators, in periods: {}.",
    "parts_key": "Bars: posterior means of direct and indirect effects, stacked up from zero if "
    "positive and down if negative; together they give the mean of the total (points, with 50% "
    "and {} equal-tailed intervals).",
    "moderation_key": "Line: mean effect on the treated, had all of them this moderator. Bands: "
    "50% and {} equal-tailed intervals.",
    "moderation_rows": "Grey bars: treated rows by their moderator.",
    "moderation_faded": "Dashed and faded: beyond the moderators that were observed.",
    "pairs": "P(row > column)",
    "pairs_key": "Squares: posterior probability that the effect along the row's path is the "
    "larger.",
    "channels_key": "Blue: holds; orange: in doubt; red: fails; grey: not judged.",
    "channels_interval": "Bars: {} equal-tailed intervals.",
    "channels_limits": "Dashed: limits of the verdict.",
    "scale_effect": "Effect on the outcome",
    "scale_sd": "In multiples of the mediator's sd within units",
    "scale_periods": "Periods",
    "scale_correlation": "Correlation of innovations",
    "scale_r_squared": "Share of variation within units in common",
    "scale_share": "Share of the total effect",
    "channel_slope before adoption": "slope before adoption, a period",
    "channel_effect on the mediator": "effect on the mediator",
    "channel_indirect effect": "indirect effect",
    "channel_indirect effect, a period earlier": "indirect effect, mediators a period earlier",
    "channel_direct effect": "direct effect",
    "channel_direct and indirect": "direct and indirect together",
    "channel_outcome alone": "fit of the outcome alone",
    "channel_proportion mediated": "proportion mediated",
    "channel_as fitted": "as fitted",
    "channel_delay": "delay of the response",
    "channel_outcome": "outcome, total effect",
    "channel_all mediators": "all mediators",
    "channel_with the treatment": "with the treatment",
    "channel_with the outcome": "with the outcome",
    "channel_of": "{}: {}",
    "channel_with": "with {}",
    "channel_without": "without {}",
    "rho_axis": "ρ: correlation of innovations with the outcome's",
    "indirect_path": "indirect effect",
    "direct_path": "direct effect",
    "crosses_at": "crosses zero at ρ = {}",
    "crosses_nowhere": "crosses zero nowhere",
    "rho_key": "Lines: posterior means with {} intervals, if the innovations of the mediator and "
    "of the outcome have the correlation ρ, given the other mediators. At zero: no confounding.",
    "rho_crossing": "Dashed: where the indirect effect crosses zero. A common cause then explains "
    "shares of both innovations' variances whose product is ρ².",
}

_CHINESE = {
    "language": "zh",
    "event_time": "事件时间（距政策实施的期数）",
    "effect": "效应",
    "effect_on": "对 {} 的效应",
    "overall": "总体",
    "contrasts": "组间差异",
    "mean_interval": "均值 [{}]",
    "interval": "{} 可信区间",
    "p_positive": "P(> 0)",
    "points": "点为后验均值；粗线和细线分别为 50% 和 {} 等尾可信区间。",
    "reference": "零线为没有政策时的预期路径。",
    "leads_note": "前置期：由单独拟合得到，以事件时间 −1 为基期；效应：以政策实施前各期为基准。",
    "reference_point": "基期",
    "behind": "灰线为全部组合计。",
    "units": "单位数",
    "few_units": "浅色：不足 {} 个单位。",
    "other_units": "各点并非来自同一批单位。",
    "contrasts_left_out": "水平数超过 {} 的分组变量不列组间差异。",
    "filled": "实心：区间不含零。",
    "not_shown": "… 另有 {} 个未显示 …",
    "weighted_average": "虚线：处理组平均处理效应。",
    "separate": "不合并",
    "partial": "部分合并",
    "separate_axis": "不合并的效应",
    "partial_axis": "部分合并的效应",
    "no_shrinkage": "无收缩",
    "area": "点为后验均值；面积与观测数成正比。",
    "never": "从未处理",
    "not_yet": "尚未处理",
    "treated": "已处理（颜色表示批次）",
    "no_row": "无数据",
    "units_n": "{} 个单位",
    "units_1": "1 个单位",
    "share": "每一行代表同一批次、同一组的单位，括号内为单位数。",
    "share_cohort": "每一行代表同一批次的单位，括号内为单位数。",
    "difference_of": "组间差异：{}",
    "first_is_own": "黑色为基准模型。",
    "time_by": "按 {} 分组的时间效应",
    "time_common": "共同时间效应",
    "time_pooled": "{}（部分合并）",
    "r_hat": "R-hat（至多 {}）",
    "ess": "有效样本量（至少 {:.0f}）",
    "khat": "k̂ 值（须低于 {:.2f}）",
    "weights": "有效权重数（至少 {:.0f}）",
    "ess_key": "有效样本量：实心为主体，空心为尾部。红色：超出界限。",
    "worst_first": "最接近界限者排在最前。",
    "period": "时间",
    "cohort": "批次",
    "cell_few": "橙角：受处理单位或对照单位少于 3 个。",
    "cell_prior": "紫角：该格自身的效应主要依赖部分合并。",
    "cell_lost": "红叉：不可识别。",
    "cells_key": "每格为同一批次在同一时期的受处理观测；数字和深浅表示观测数。",
    "failed": "未通过收敛检验",
    "because": "{}：{}",
    "unverified": "收敛检验：未验证。",
    "calibration_truths": "真值：从{1}抽取 {0} 次，结果变量在面板原有的观测上模拟。",
    "calibration_band": "灰色：若秩服从均匀分布，整条曲线有 {} 的概率落入的范围；"
    "红色：校正 p 值小于 .05。",
    "calibration_range": "阴影：若覆盖率等于名义水平（竖线），它有 {} 的概率落入的范围；"
    "实心：在范围之外。",
    "calibration_left_out": "另有 {} 个量的秩最接近均匀分布，未列出。",
    "source_prior": "先验",
    "source_other": "另一设计的先验",
    "source_posterior": "后验",
    "ecdf_difference": "秩的经验分布 − 均匀分布",
    "rank": "真值在抽样中的秩（比例）",
    "coverage_axis": "覆盖率",
    "band": "阴影：基准模型的 {} 可信区间。",
    "comparison_only": "空心：仅供比较。",
    "own_target": "菱形：基准模型对相同单元格的估计。",
    "placebo_z": "平均效应与其后验标准差之比",
    "permutations": "置换次数",
    "actual": "实际",
    "placebos": "柱：在组内对批次作 {} 次置换。虚线：±1.96。p = {}。",
    "own_steps": "各自约束",
    "relative_magnitudes": "M̄：政策实施后与实施前最大逐期偏离之比",
    "smoothness": "M：偏离斜率的逐期变化上限",
    "robust_note": "蓝：稳健 {0} 区域；橙：平行趋势下的 {0} 可信区间及后验均值，"
    "取自含前置期的拟合。",
    "breakdown": "临界值 {}",
    "a_period": "（每期 {}）",
    "breakdown_note": "虚线：临界值，超过该值后区域包含零。",
    "holds_zero": "区间已含零",
    "no_breakdown": "无临界值",
    "lead_fit": "空心为前置期，实心为同一拟合的效应，均以事件时间 {} 为基期。",
    "lead_bound": "灰色区域：平均效应的大小（或其标准差的两倍）之内，前置期效应应落于其中。",
    "trend_line": "斜线为政策实施前的差异趋势，虚线为其延伸，色带为 {} 可信区间。",
    "autocorrelation, lag 1": "自相关，滞后 1 期",
    "autocorrelation, lag 2": "自相关，滞后 2 期",
    "autocorrelation, lag 3": "自相关，滞后 3 期",
    "partial autocorrelation, lag 2": "偏自相关，滞后 2 期",
    "kurtosis of innovations": "新息的峰度",
    "largest innovation": "最大新息（标准差）",
    "spread between strata": "各组最大与最小标准差之比",
    "spread between periods": "各期最大与最小标准差之比",
    "pre-period slope": "处理组政策前的差异斜率",
    "last pre-period": "政策前最后一期",
    "pre-period steps": "政策前逐期变化（均方根）",
    "sd within units": "单位内标准差",
    "sd of changes": "逐期变化的标准差",
    "treated less untreated": "处理观测与未处理预测之差",
    "sd of treated less untreated": "处理观测与未处理预测之差的标准差",
    "drawn_posterior": "灰色：由拟合模型生成的 {} 个面板；彩色：实际值。",
    "drawn_prior": "灰色：由先验生成的 {} 个面板；彩色：实际值。",
    "p_single": "p 为单个统计量的双侧概率；红色：偏离程度超过 95% 的生成面板中最偏离的统计量。",
    "p_together": "合并 p = {}。",
    "distances": "横条含 95% 的生成面板；红色：偏离程度超过 95% 的生成面板中最偏离的统计量。",
    "distance_sd": "实际值与生成均值之差（以生成值标准差为单位）",
    "sensitivity": "幂缩放敏感度（对数刻度）",
    "to_prior": "对先验",
    "to_likelihood": "对似然",
    "power_scaling": "虚线：阈值 {}。粗体：对先验敏感。上方为效应，下方为参数。",
    "at_floor": "小于 {} 的值均画在该处。",
    "at_event_time": "事件时间 {}",
    "shift_in_sd": "剔除该单位后平均效应的变动（后验标准差）",
    "att_without": "剔除后效应",
    "treated_unit": "受处理单位",
    "control_unit": "从未处理单位",
    "refitted": "重新拟合",
    "others_n": "其余 {} 个",
    "influence_key": "其余单位受处理观测的平均效应减去全部受处理观测的平均效应。"
    "灰色区域：一个后验标准差。",
    "influence_k": "k：重要性权重的 Pareto k，红色表示高于 {}，此时须重新拟合方可判断。",
    "policy": "政策",
    "direct": "直接效应",
    "all mediators": "全部中介变量",
    "total": "总效应",
    "paths_key": "箭头上为后验均值和 {} 等尾可信区间，中介变量以其自身单位计。线越粗，符号越确定；"
    "蓝色为正，橙色为负，灰色表示区间含零。",
    "products": "间接效应是各单元格乘积的平均，未必等于平均值的乘积。",
    "last_through": "间接效应指最后经由该中介变量进入结果变量的部分；仅当中介变量之间互不影响时，"
    "单个渠道才有因果含义。",
    "lagged": "中介变量的滞后期数：{}。",
    "parts_key": "柱：直接效应与间接效应的后验均值，正值自零向上堆叠，负值向下；"
    "合计等于总效应的均值（点，附 50% 和 {} 等尾可信区间）。",
    "moderation_key": "线：假定所有受处理单位的调节变量均取该值时的处理组平均处理效应；"
    "色带：50% 和 {} 等尾可信区间。",
    "moderation_rows": "灰色柱：受处理观测的调节变量分布。",
    "moderation_faded": "虚线与浅色：超出调节变量的观测范围。",
    "pairs": "P(行 > 列)",
    "pairs_key": "方格：行所示路径的效应较大的后验概率。",
    "channels_key": "蓝色：通过；橙色：存疑；红色：未通过；灰色：不作判断。",
    "channels_interval": "横条：{} 等尾可信区间。",
    "channels_limits": "虚线：判断界限。",
    "scale_effect": "对结果变量的效应",
    "scale_sd": "以中介变量的单位内标准差计",
    "scale_periods": "期数",
    "scale_correlation": "新息的相关系数",
    "scale_r_squared": "单位内变动中共同变动的比例",
    "scale_share": "占总效应的比例",
    "channel_slope before adoption": "政策前每期的差异斜率",
    "channel_effect on the mediator": "对中介变量的效应",
    "channel_indirect effect": "间接效应",
    "channel_indirect effect, a period earlier": "间接效应（中介变量提前一期）",
    "channel_direct effect": "直接效应",
    "channel_direct and indirect": "直接与间接效应之和",
    "channel_outcome alone": "仅用结果变量的估计",
    "channel_proportion mediated": "中介效应占比",
    "channel_as fitted": "基准模型",
    "channel_delay": "响应的滞后",
    "channel_outcome": "结果变量，总效应",
    "channel_all mediators": "全部中介变量",
    "channel_with the treatment": "与政策变量",
    "channel_with the outcome": "与结果变量",
    "channel_of": "{}：{}",
    "channel_with": "与 {}",
    "channel_without": "剔除 {}",
    "rho_axis": "ρ：与结果变量新息的相关系数",
    "indirect_path": "间接效应",
    "direct_path": "直接效应",
    "crosses_at": "ρ = {} 时为零",
    "crosses_nowhere": "不会为零",
    "rho_key": "线：中介变量与结果变量的新息（给定其他中介变量）相关系数为 ρ 时的后验均值及 {} "
    "可信区间；ρ = 0 为无混杂。",
    "rho_crossing": "虚线：间接效应为零处；此时共同原因对两个新息方差的解释比例之积为 ρ²。",
}

_LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "zh": _CHINESE}


def words(language: str) -> Mapping[str, str]:
    """Look up what figures say in one language.

    Parameters
    ----------
    language : str
        "en" or "zh".

    Returns
    -------
    mapping of str to str

    Raises
    ------
    StudyError
        If figures do not speak it.
    """
    if language not in _LANGUAGES:
        raise StudyError(
            f"language={language!r} is not one that figures speak", hint="language='en' or 'zh'"
        )
    return _LANGUAGES[language]


def percent(prob: float) -> str:
    """Write a probability as a percentage: 95%, 97.5%.

    Parameters
    ----------
    prob : float
        Between 0 and 1.

    Returns
    -------
    str
    """
    return f"{100 * prob:g}%"


def effect_label(draws: xr.DataArray | xr.Dataset, say: Mapping[str, str]) -> str:
    """Label an axis of effects by the outcome and its unit, as far as the draws know them.

    Parameters
    ----------
    draws : DataArray or Dataset
        With attrs ``outcome`` and ``outcome_unit``, or without.
    say : mapping of str to str
        From `words`.

    Returns
    -------
    str
    """
    outcome, unit = (str(draws.attrs.get(name, "")) for name in ("outcome", "outcome_unit"))
    label = say["effect_on"].format(outcome) if outcome else say["effect"]
    if say["language"] == "zh":
        return closed(f"{label}（{unit}）" if unit else label)
    return f"{label} ({unit})" if unit else label
