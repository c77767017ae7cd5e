"""What reports say beyond what tables and figures say, in English and Chinese."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

from bayes_nqp.reports._scales import CHINESE, ENGLISH
from bayes_nqp.tables._words import words as of_tables

__all__ = ["words"]

_ENGLISH = {
    "subtitle": "Report of bayes_nqp {}",
    "contents": "Contents",
    "figure_n": "Figure {}. ",
    "table_n": "Table {}. ",
    "short": "In short",
    "notice_title": "To know first",
    "notice_simulated": "The rows are simulated (“{name}”, seed {seed}), so nothing here is a "
    "finding about real places. The average effect put in is {truth}; truth.csv has every other "
    "one.",
    "failed_title": "Read this first: what failed",
    "failed_gate": "The convergence gate failed: {}. The draws are not to be reported; "
    "sample longer, or simplify the model.",
    "failed_check": "{} Fails. {}",
    "doubt_title": "In doubt",
    "doubt_check": "{} {}",
    "unasked": "Not asked of this fit: {}. Without them no effect should be believed.",
    "guarded": "What follows is what the model says if its assumptions hold; the checks "
    "above contradict some of them.",
    "data": "Question, data and support",
    "panel_says": "The panel has {rows:,} rows: {units:,} units ({unit}) in {periods} "
    "periods ({first} to {last}).",
    "adoption_says": "{treated:,} units adopt the policy, in {cohorts} cohorts from "
    "{first} to {last}; {never:,} never do within the sample.",
    "dropped_says": "Rows left out because a value is missing: {}.",
    "used_says": "{:,} rows enter the fit; the others lack a mediator, or could identify nothing "
    "(see Provenance).",
    "support_says": "Effects of {known} of {all} cells (stratum × cohort × period) are "
    "identified; they hold {rows:,} treated rows.",
    "support_says_exposure": "Slopes of {known} of {all} strata are identified; they hold {rows:,} "
    "exposed rows.",
    "adoption_caption": "When the policy reaches whom.",
    "results": "Effects",
    "groups": "By group",
    "forest_caption": "Average effects by group, and differences between groups.",
    "event_study": "Over event time",
    "event_caption": "Effects by event time, with leads from a fit of their own.",
    "event_caption_by": "Effects by event time and {}.",
    "league": "Unit by unit",
    "league_says": "Every unit has its own effect, drawn towards what it shares with the "
    "others; intervals say how little single units tell.",
    "league_caption": "Effects of single units.",
    "moderation": "Moderation",
    "moderated_says_exposure": "A standard deviation ({sd}) more of {name} goes with a change of "
    "the effect by {size}; P(> 0) = {p}. This compares exposed rows with each other: it is causal "
    "only if nothing else that moves the effect goes along with {name}.",
    "moderated_says": "A standard deviation ({sd}) more of {name} goes with a change of the effect "
    "by {size}; P(> 0) = {p}. This compares treated rows with each other: it is causal only if "
    "nothing else that moves the effect goes along with {name}.",
    "moderation_caption": "The effect along {}.",
    "channels": "Channels",
    "channels_says": "Direct and indirect effects add up to the total effect, draw by "
    "draw. They are causal only if no unmeasured cause moves both a mediator and the "
    "outcome, and each single channel only if mediators do not affect one another.",
    "paths_caption": "From the policy to the outcome.",
    "parts_caption": "Direct and indirect effects over event time.",
    "compared_caption": "Channels compared.",
    "direct_says": "Directly: {}.",
    "evidence": "The evidence for and against",
    "evidence_says": "Each question a referee would ask, and what the data answer. {}",
    "tally_says": "Of {} checks, {} hold; in doubt: {}; failed: {}; reported "
    "without a verdict: {}; not applicable: {}.",
    "checks_rows": "Checks average over treated rows, whatever the weights of this report: the "
    "average effect is then {}.",
    "verdict_line": "{}: {}",
    "check_caption": "{}.",
    "not_parallel": "If trends were not parallel: {}",
    "assumptions": "What no check can settle",
    "assumptions_says": "The answer also rests on what the data cannot contradict. A "
    "referee will ask:",
    "assume_concurrent_exposure": "Did something else move along with the exposure? The model "
    "would take its effect for that of the exposure.",
    "assume_concurrent": "Did another policy reach the same units at the same time? The "
    "model would take its effect for this policy's.",
    "assume_selection": "Were units chosen because of how they were about to develop? "
    "Leads would show it only if it began before adoption.",
    "assume_spillovers_exposure": "Did the exposure of one unit touch others, such as "
    "neighbours? Effects would then be measured from a moved baseline.",
    "assume_spillovers": "Did the policy touch units counted as untreated, such as "
    "neighbours? Effects would then be measured from a moved baseline.",
    "assume_feedback": "Did past outcomes move the mediators? The check on timing speaks "
    "to it, and does not settle it.",
    "assume_clusters": "Do errors move together in groups of units, or within a unit more than the "
    "model has it? Intervals would be too narrow; no check asked it of this fit.",
    "assume_exposure": "Did the outcome move the exposure? Future exposure is checked; "
    "exposure and outcome of one period are not.",
    "methods": "Methods",
    "model_staggered": "The outcome of unit i in period t is modelled as a unit effect, "
    "a time effect, the effect of the cell (stratum × cohort × period) if it is treated, "
    "{covariates}and an error. {controls} {pooling}",
    "controls_all": "All untreated rows, of units never or not yet treated, are controls.",
    "controls_never": "Rows of never-treated units are the only controls: every stratum and cohort "
    "has an effect of its own in each period before adoption but the last.",
    "model_exposure": "The outcome of unit i in period t is modelled as a unit effect, a "
    "time effect, a slope times the exposure, {covariates}and an error. {pooling}",
    "model_with_covariates": "covariates ({}), ",
    "pool_says": "Effects: {effects}; errors: {errors}; time effects: {time}.",
    "priors_says": "{flat} have flat priors. Other priors are stated in multiples of s = {s}, the "
    "outcome's standard deviation within units{over}: {normal}half-normal with scale "
    "{half}{rho}.",
    "priors_normal": "normal with sd {}; ",
    "priors_over": " on untreated rows",
    "priors_over_exposure": ", for one such standard deviation of the exposure",
    "flat_unit": "unit effects",
    "flat_time": "time effects",
    "flat_covariates": "slopes of covariates",
    "flat_effects": "effects of cells",
    "prior_level": "{}s for the overall effect",
    "prior_drift": "{}s for its growth a period",
    "prior_contrast": "{}s for the difference of two levels of a factor",
    "prior_walk": "{}s for its further steps from period to period",
    "prior_cohort": "{}s for cohorts",
    "prior_cell": "{}s for single cells",
    "prior_member": "{}s for the deviations of {whom}",
    "prior_sigma": "{}s for innovations",
    "prior_rho": "; (1 + ρ)/2 of their autocorrelation is Beta({}, {})",
    "prior_noise": "; the ratio of noise to innovations is half-normal with scale {}",
    "prior_other": "; the prior of {} is {}",
    "prior_nu": "; their degrees of freedom less 2 are Gamma(2, 0.1)",
    "prior_period": "{}s for periods, and for strata within them",
    "by_time_says": "The slope also differs by period.",
    "whom_unit": "units",
    "moderator_says_exposure": "{name} moderates the slope: exposed rows add a slope, by stratum, "
    "times its distance from its mean over exposed rows.",
    "moderator_says": "{name} moderates the effect: treated rows add a slope, by stratum, times "
    "its distance from its mean over treated rows.",
    "mediation_says": "Each mediator ({mediators}) has an equation of the same form; the "
    "outcome's equation adds the mediators. An indirect effect is the product of both "
    "legs, draw by draw and cell by cell.",
    "sampler_Importance": "importance sampling",
    "sampler_NUTS": "the No-U-Turn sampler (NUTS)",
    "sampling_rows_says": "All parameters were sampled together, row by row, by {sampler} in "
    "{chains} chains of {draws:,} draws. Convergence gate: {gate}.",
    "sampling_says": "Linear coefficients were integrated out exactly; scales, "
    "autocorrelation and error sd were sampled by {sampler} in {chains} chains of {draws:,} "
    "draws, and coefficients then drawn exactly. Convergence gate: {gate}.",
    "provenance": "Provenance",
    "p_data": "Data (SHA-256)",
    "p_fit": "Draws (SHA-256)",
    "p_rows": "Rows",
    "p_design": "Design",
    "p_sampler": "Sampler",
    "p_gate": "Convergence gate",
    "p_seal": "Seal of the file",
    "p_unsealed": "none: the fit was saved by version 0.1, and nothing tells whether its file was "
    "changed since",
    "p_diagnostics": "Diagnostics",
    "p_diagnosed": "{chains} chains of {draws:,} draws; R-hat at most {rhat:.3f}, effective draws "
    "at least {bulk:,.0f} (bulk) and {tail:,.0f} (tail), {divergences} divergences",
    "p_weighed": "{chains} streams of {draws:,} draws, resampled by importance weights; k-hat at "
    "most {khat:.2f} (limit {limit:.2f}), effective weights at least {weights:,.0f}, effective "
    "draws at least {bulk:,.0f}, proposals without a density {refused:.1%}",
    "p_command": "Command",
    "p_seed": "Seed",
    "p_versions": "Versions",
    "p_notes": "Notes",
    "title_provenance": "Where the numbers come from",
    "item": "Item",
    "value": "Value",
    "side_by_side": "Side by side",
    "default_title_exposure": "The effect of {1} on {0}",
    "default_title": "The effect of the policy on {}",
    "the_outcome": "the outcome",
    "data_behind": "The numbers behind every figure are in the folder {}.",
}
_CHINESE = {
    "subtitle": "bayes_nqp {} 报告",
    "contents": "目录",
    "figure_n": "图 {}　",
    "table_n": "表 {}　",
    "short": "摘要",
    "notice_title": "请先知悉",
    "notice_simulated": "本报告的数据为模拟数据（“{name}”，随机种子 {seed}），不构成对现实的发现。"
    "设定的真实平均效应为 {truth}；其余真值见 truth.csv。",
    "failed_title": "请先阅读：未通过的检验",
    "failed_gate": "未通过收敛检验：{}。所得抽样不宜报告；请延长抽样，或简化模型。",
    "failed_check": "{}未通过。{}",
    "doubt_title": "存疑",
    "doubt_check": "{}{}",
    "unasked": "本次拟合未作以下检验：{}。未经这些检验，效应不宜采信。",
    "guarded": "以下结论以模型假定成立为前提，而上述检验与其中部分假定相矛盾。",
    "data": "问题、数据与可识别性",
    "panel_says": "面板共 {rows:,} 个观测：{units:,} 个单位（{unit}），{periods} 期（{first} "
    "至 {last}）。",
    "adoption_says": "{treated:,} 个单位分 {cohorts} 批实施政策（{first} 至 {last}），另"
    "有 {never:,} 个单位在样本期内从未实施。",
    "dropped_says": "因缺失值而剔除的观测：{}。",
    "used_says": "进入拟合的观测为 {:,} 个；其余缺少中介变量，或无助于识别（见“来源与可复现性”）。",
    "support_says": "{all} 个单元格（组 × 批次 × 时期）中有 {known} 个的效应可识别，"
    "共含 {rows:,} 个受处理观测。",
    "support_says_exposure": "{all} 个组中有 {known} 个的斜率可识别，共含 {rows:,} 个有暴露的"
    "观测。",
    "adoption_caption": "政策实施的时间与对象",
    "results": "平均效应",
    "groups": "分组效应",
    "forest_caption": "各组的平均效应与组间差异",
    "event_study": "动态效应",
    "event_caption": "各事件时间的效应（前置期由单独拟合得到）",
    "event_caption_by": "按 {} 分组的动态效应",
    "league": "各单位的效应",
    "league_says": "每个单位各有其效应，并向各单位共有的部分收缩；区间之宽表明单个单位所含信"
    "息之少。",
    "league_caption": "各单位的效应及区间",
    "moderation": "调节效应",
    "moderated_says_exposure": "{name} 每增加一个标准差（{sd}），效应变动 {size}，P(> 0) = {p}。"
    "这是有暴露的观测之间的比较：仅当没有其他影响效应的因素与 {name} 同时变动时，才具有因果含义。",
    "moderated_says": "{name} 每增加一个标准差（{sd}），效应变动 {size}，P(> 0) = {p}。这是受处理"
    "观测之间的比较：仅当没有其他影响效应的因素与 {name} 同时变动时，才具有因果含义。",
    "moderation_caption": "{} 的调节效应",
    "channels": "作用渠道",
    "channels_says": "在每一次抽样中，直接效应与间接效应之和均等于总效应。仅当不存在同时影"
    "响中介变量与结果变量的未观测因素时，二者才有因果含义；仅当中介变量之间互不影响时，单个"
    "渠道才有因果含义。",
    "paths_caption": "从政策到结果变量的路径",
    "parts_caption": "各事件时间的直接效应与间接效应",
    "compared_caption": "渠道比较",
    "direct_says": "直接效应为 {}。",
    "evidence": "支持与反对的证据",
    "evidence_says": "以下逐项列出审稿人会提出的问题，以及数据给出的回答。{}",
    "tally_says": "{} 项检验中，{} 项通过，{} 项存疑，{} 项未通过，{} 项不作判定，{} 项不适用。",
    "checks_rows": "本报告的效应另有权重，而各项检验均按受处理观测平均：平均效应为 {}。",
    "verdict_line": "{}：{}",
    "check_caption": "{}",
    "not_parallel": "若平行趋势不成立：{}",
    "assumptions": "任何检验都无法解决的问题",
    "assumptions_says": "结论还依赖于数据无法证伪的假定。审稿人会问：",
    "assume_concurrent_exposure": "是否有其他因素与暴露变量同时变动？若有，模型会把其效应算作暴露"
    "变量的效应。",
    "assume_concurrent": "是否有其他政策在同一时间作用于同一批单位？若有，模型会把其效应"
    "算作本政策的效应。",
    "assume_selection": "单位是否因其预期的发展走势而入选？仅当该走势始于政策实施之前，前"
    "置期才能将其显示出来。",
    "assume_spillovers_exposure": "一个单位的暴露是否影响了其他单位（如相邻地区）？若是，则度量效应"
    "的基准已发生移动。",
    "assume_spillovers": "政策是否影响了被视为未处理的单位（如相邻地区）？若是，则度量效应"
    "的基准已发生移动。",
    "assume_feedback": "结果变量的前期值是否影响了中介变量？时序检验与此有关，但不足以定论。",
    "assume_clusters": "误差是否在若干单位之间共同变动，或在单位内的相关强于模型所设？若是，则"
    "区间过窄；本次拟合的检验未涉及这一问题。",
    "assume_exposure": "结果变量是否影响了暴露变量？未来的暴露已作检验，同期的反向影响则未作检验。",
    "methods": "方法",
    "model_staggered": "单位 i 在 t 期的结果变量由单位效应、时间效应、{covariates}受处理时的"
    "单元格（组 × 批次 × 时期）效应以及误差项相加而成。{controls}{pooling}",
    "controls_all": "从未受处理单位与尚未受处理单位的全部未处理观测均为对照。",
    "controls_never": "仅以从未受处理单位为对照：各组各批次在政策实施前各期（末期除外）均有自身的"
    "效应。",
    "model_exposure": "单位 i 在 t 期的结果变量由单位效应、时间效应、{covariates}斜率与暴露"
    "变量之积以及误差项相加而成。{pooling}",
    "model_with_covariates": "控制变量（{}）、",
    "pool_says": "效应：{effects}；误差：{errors}；时间效应：{time}。",
    "priors_says": "{flat}取平坦先验。其余先验以 s = {s}（{over}）的倍数表示。"
    "{normal}半正态先验的尺度：{half}{rho}。",
    "priors_normal": "正态先验的标准差：{}；",
    "priors_over": "结果变量在未处理观测中的单位内标准差",
    "priors_over_exposure": "结果变量的单位内标准差；斜率按暴露变量变动一个单位内标准差计",
    "flat_unit": "单位效应",
    "flat_time": "时间效应",
    "flat_covariates": "控制变量系数",
    "flat_effects": "各单元格效应",
    "prior_level": "总体效应 {}s",
    "prior_drift": "其逐期增长 {}s",
    "prior_contrast": "同一分组变量两个水平之差 {}s",
    "prior_walk": "效应的其余逐期变动 {}s",
    "prior_cohort": "批次 {}s",
    "prior_cell": "单元格 {}s",
    "prior_member": "{whom}偏离 {}s",
    "prior_sigma": "新息 {}s",
    "prior_rho": "；自相关系数 ρ 经 (1 + ρ)/2 变换后服从 Beta({}, {}) 分布",
    "prior_noise": "；噪声与新息标准差之比服从尺度为 {} 的半正态分布",
    "prior_other": "；{} 的先验为 {}",
    "prior_nu": "；其自由度减 2 服从 Gamma(2, 0.1) 分布",
    "prior_period": "时期及时期内的组 {}s",
    "by_time_says": "斜率另随时期而异。",
    "whom_unit": "单位",
    "moderator_says_exposure": "{name} 为调节变量：有暴露的观测另加一项，为其与这些观测均值之差"
    "乘以分组斜率。",
    "moderator_says": "{name} 为调节变量：受处理观测另加一项，为其与受处理观测均值之差乘以分组"
    "斜率。",
    "mediation_says": "每个中介变量（{mediators}）各有一个同样形式的方程，结果方程另加入"
    "中介变量。间接效应为前后两段路径系数之积，按每一次抽样、每个单元格分别计算。",
    "sampler_Importance": "重要性抽样",
    "sampler_NUTS": "NUTS 算法",
    "sampling_rows_says": "全部参数由 {sampler} 逐观测联合抽样（{chains} 条链，每条 {draws:,} "
    "次）。收敛检验：{gate}。",
    "sampling_says": "线性系数经解析积分精确消去；尺度参数、自相关系数与误差标准差由 {sampler} "
    "抽样（{chains} 条链，每条 {draws:,} 次），系数随后精确抽取。收敛检验：{gate}。",
    "provenance": "来源与可复现性",
    "p_data": "数据（SHA-256）",
    "p_fit": "后验抽样（SHA-256）",
    "p_rows": "观测数",
    "p_design": "设计",
    "p_sampler": "抽样器",
    "p_gate": "收敛检验",
    "p_seal": "文件校验",
    "p_unsealed": "无：该拟合由 0.1 版保存，文件不含校验码，无法判断其保存后是否被改动",
    "p_diagnostics": "诊断",
    "p_diagnosed": "{chains} 条链，每条 {draws:,} 次抽样；R-hat 至多 {rhat:.3f}，有效样本量至少 "
    "{bulk:,.0f}（主体）与 {tail:,.0f}（尾部），{divergences} 次发散",
    "p_weighed": "{chains} 组，每组按重要性权重重抽 {draws:,} 次；k̂ 值至多 {khat:.2f}"
    "（限 {limit:.2f}），有效权重数至少 {weights:,.0f}，有效样本量至少 {bulk:,.0f}，"
    "无密度的提议占 {refused:.1%}",
    "p_command": "命令",
    "p_seed": "随机种子",
    "p_versions": "软件版本",
    "p_notes": "备注",
    "title_provenance": "数值的来源",
    "item": "项目",
    "value": "内容",
    "side_by_side": "并列比较",
    "default_title_exposure": "{1} 对 {0} 的影响",
    "default_title": "政策对 {} 的影响",
    "the_outcome": "结果变量",
    "data_behind": "各图所依据的数值见文件夹 {}。",
}


def words(language: str) -> Mapping[str, str]:
    """Look up what reports say in one language, tables and figures included.

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
        If reports do not speak it.
    """
    rest = of_tables(language)
    own, scales = (_CHINESE, CHINESE) if language == "zh" else (_ENGLISH, ENGLISH)
    return ChainMap(dict(own), dict(scales), dict(rest))
