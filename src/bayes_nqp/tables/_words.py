"""What tables say beyond what figures say, in English and Chinese."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from bayes_nqp.language import Translator
from bayes_nqp.plots._words import Language, percent
from bayes_nqp.plots._words import words as of_figures

__all__ = ["Language", "listed", "per_words", "percent", "question_of", "verdict_of", "words"]

_ENGLISH = {
    "mean": "Mean",
    "sd": "SD",
    "lower": "Lower",
    "upper": "Upper",
    "group": "Group",
    "Rows": "Rows",
    "Units": "Units",
    "title_effects": "Average effect on the treated: {}",
    "title_exposure": "Effect of {}: {}",
    "note_exposure": "Effects per {}, averaged over exposed rows. Rows, Units: those exposed.",
    "one_unit": "unit",
    "title_event_study": "Effect by event time: {}",
    "title_mediation": "Direct and indirect effects: {}",
    "title_robustness": "The average effect under other specifications: {}",
    "title_specifications": "The average effect under other specifications",
    "title_descriptives": "Descriptive statistics",
    "title_diagnostics": "Checks",
    "the_outcome": "the outcome",
    "note_mean": "Mean, SD: of the posterior, {}.",
    "note_estimates": "Estimates: posterior means, {}.",
    "event_time_short": "Event time",
    "note_event_time": "Event time: periods since adoption.",
    "note_interval_eti": "Intervals hold {} of the posterior and are equal-tailed.",
    "note_interval_hdi": "Intervals hold {} of the posterior, of highest density.",
    "note_p": "P(> 0): posterior probability of a positive value.",
    "in_units": "in {}",
    "in_outcome_units": "in units of the outcome",
    "note_weights": "Averages over treated rows.",
    "note_weights_other": "Averages weighted by {}.",
    "note_rows": "Rows, Units: treated rows with an identified effect, and units that have them.",
    "note_contrasts": "Contrasts: differences draw by draw, from one model.",
    "note_left_out": "Contrasts are left out for factors with more than {} levels.",
    "note_cells_left_out": "Cells (stratum × cohort × period) not identified and left out: {}.",
    "note_model": "Effects: {}; errors: {}; {}.",
    "note_gate": "Convergence gate: {}.",
    "passed": "passed (R-hat at most {:.3f}, at least {:.0f} effective draws)",
    "passed_weights": "passed (k-hat at most {:.2f}, at least {:.0f} effective draws)",
    "passed_short": "passed",
    "failed_short": "failed",
    "unverified_short": "unverified",
    "stamp_gate": "Convergence gate failed: {}",
    "stamp_check": "Check failed: {}",
    "note_doubt": "In doubt: {}.",
    "note_checks_hold": "Checks that hold: {}.",
    "note_checks_reported": "Reported without a verdict: {}.",
    "checks_counted": "{} of them",
    "complete": "one curve for all (complete pooling)",
    "partial_by": "partial pooling by {}",
    "partial_none": "partial pooling",
    "separate_by": "no pooling",
    "varying": "{}, deviations by {}",
    "time_effects": "time effects: {}",
    "time_of": "by {}",
    "time_one": "common",
    "time_partial": "by {}, pooled",
    "unit": "unit",
    "leads": "Before adoption",
    "effects": "From adoption on",
    "note_leads": "Before adoption: leads of a fit of their own, relative to event time −1; from "
    "adoption on: relative to all periods before it.",
    "path": "Path",
    "share": "Share of total",
    "compared": "Channels compared",
    "note_share": "Share: posterior median with its {} interval; withheld where the total effect "
    "straddles zero.",
    "note_single": "A single channel is causal by itself only if mediators do not affect one "
    "another.",
    "average": "Average effect",
    "outcome": "Outcome",
    "specification": "Specification",
    "as_fitted": "the fit itself",
    "change": "Changed: {}",
    "row_pooling": "Pooling",
    "row_strata": "Effects by",
    "row_deviations": "Deviations by",
    "Complete": "complete",
    "Partial": "partial",
    "Separate": "none",
    "row_errors": "Errors",
    "row_time": "Time effects",
    "row_covariates": "Covariates",
    "row_mediators": "Mediators",
    "row_gate": "Convergence gate",
    "row_units_all": "Units in all",
    "row_rows_all": "Rows in all",
    "note_brackets": "In brackets: {} intervals, {}.",
    "note_parentheses": "In parentheses: posterior sd.",
    "eti": "equal-tailed",
    "hdi": "highest density",
    "status": "Counts",
    "note_counts": "Counts: whether the verdict of the check rests on it; the others are shown for "
    "comparison.",
    "yes": "yes",
    "no": "no",
    "variable": "Variable",
    "n": "N",
    "sd_within": "SD within",
    "min": "Min",
    "median": "Median",
    "max": "Max",
    "role_outcome": "Outcome",
    "role_covariates": "Covariates",
    "role_mediators": "Mediators",
    "role_moderators": "Moderators",
    "all_rows": "All",
    "ever": "Ever treated",
    "never_": "Never treated",
    "note_panel": "{rows:,} rows, {units:,} units ({unit}), {periods} periods ({time}, {first} to "
    "{last}); {treated:,} units adopt, {never:,} never do.",
    "note_panel_exposure": "{rows:,} rows, {units:,} units ({unit}), {periods} periods ({time}, "
    "{first} to {last}).",
    "note_cohorts": "Units by cohort: {}.",
    "note_within": "SD within: of deviations from the unit's mean.",
    "note_dropped": "Rows left out for missing values: {}.",
    "question": "Question",
    "verdict": "Verdict",
    "figure": "Key figure",
    "verdict_holds": "holds",
    "verdict_in doubt": "in doubt",
    "verdict_fails": "fails",
    "verdict_reported": "reported",
    "verdict_not applicable": "not applicable",
    "tally": "{}: {}",
    "student_t": " with Student-t innovations",
    "counted": "{} {}",
    "note_verdicts": "A check holds where it found nothing against the result",
    "note_reported": "Reported: a number with its meaning, without a verdict",
    "notes": "Notes: ",
    "part": "{} {}",
    "equation": "{}",
    "treatment": "Treatment",
    "title_steps": "Steps of mediation: {}",
    "note_steps": "Columns: the outcome on the treatment; each mediator on the treatment; the "
    "outcome on treatment and mediators. All are read off one fit; no step decides on the next.",
    "check_convergence": "convergence",
    "check_support": "support",
    "check_pretrends": "pre-trends",
    "check_future_exposure": "exposure to come",
    "check_sensitivity": "sensitivity to non-parallel trends",
    "check_anticipation": "anticipation",
    "check_placebo_time": "placebo in time",
    "check_placebo_space": "placebo in space",
    "check_placebo_outcome": "placebo outcome",
    "check_control_group": "control group",
    "check_time_effects": "time effects",
    "check_error_model": "error model",
    "check_model_fit": "model fit",
    "check_prior_predictive": "prior predictive",
    "check_prior_sensitivity": "prior sensitivity",
    "check_specifications": "specifications",
    "check_leave_out": "leave-out",
    "check_indicators": "indicators",
    "check_influence": "influence",
    "check_confounding": "confounding of channels",
    "check_adds_up": "adding up",
    "check_mediator_pretrends": "pre-trends of mediators",
    "check_mediator_placebo": "placebo mediator",
    "check_timing": "timing of mediators",
    "check_mediator_residuals": "residuals of mediators",
    "check_leave_mediator_out": "leaving mediators out",
    "check_near_treatment": "mediators near the treatment",
    "check_inconsistent": "directions of effects",
}

_CHINESE = {
    "mean": "均值",
    "sd": "标准差",
    "lower": "下限",
    "upper": "上限",
    "group": "分组",
    "Rows": "观测数",
    "Units": "单位数",
    "title_effects": "处理组平均处理效应：{}",
    "title_exposure": "{} 的效应：{}",
    "note_exposure": "效应按暴露变量每变动 {} 计，对有暴露的观测取平均。观测数、单位数：仅计有"
    "暴露者。",
    "one_unit": "一个单位",
    "title_event_study": "各事件时间的效应：{}",
    "title_mediation": "直接效应与间接效应：{}",
    "title_robustness": "不同设定下的平均效应：{}",
    "title_specifications": "不同设定下的平均效应",
    "title_descriptives": "描述性统计",
    "title_diagnostics": "各项检验",
    "the_outcome": "结果变量",
    "note_mean": "均值、标准差：后验均值与后验标准差，{}。",
    "note_estimates": "估计值为后验均值，{}。",
    "event_time_short": "事件时间",
    "note_event_time": "事件时间：距政策实施的期数。",
    "note_interval_eti": "区间为 {} 等尾可信区间。",
    "note_interval_hdi": "区间为 {} 最高后验密度可信区间。",
    "note_p": "P(> 0)：取正值的后验概率。",
    "in_units": "单位：{}",
    "in_outcome_units": "以结果变量的单位计",
    "note_weights": "按受处理观测平均。",
    "note_weights_other": "按 {} 加权平均。",
    "note_rows": "观测数、单位数：效应可识别的受处理观测及其所属单位。",
    "note_contrasts": "组间差异：在同一模型的每一次抽样内相减而得。",
    "note_left_out": "水平数超过 {} 的分组变量不列组间差异。",
    "note_cells_left_out": "不可识别而未计入的单元格：{} 个。",
    "note_model": "效应：{}；误差：{}；{}。",
    "note_gate": "收敛检验：{}。",
    "passed": "通过（R-hat 至多 {:.3f}，有效样本量至少 {:.0f}）",
    "passed_weights": "通过（k̂ 值至多 {:.2f}，有效样本量至少 {:.0f}）",
    "passed_short": "通过",
    "failed_short": "未通过",
    "unverified_short": "未验证",
    "stamp_gate": "未通过收敛检验：{}",
    "stamp_check": "未通过的检验：{}",
    "note_doubt": "存疑的检验：{}。",
    "note_checks_hold": "通过的检验：{}。",
    "note_checks_reported": "只报告数值、不作判定的检验：{}。",
    "checks_counted": "{} 项",
    "complete": "共同曲线（完全合并）",
    "partial_by": "按 {} 部分合并",
    "partial_none": "部分合并",
    "separate_by": "不合并",
    "varying": "{}，允许各 {} 偏离",
    "time_effects": "时间效应：{}",
    "time_of": "按 {} 分组",
    "time_one": "共同",
    "time_partial": "按 {} 分组，部分合并",
    "unit": "单位",
    "leads": "政策实施前",
    "effects": "政策实施当期及以后",
    "note_leads": "政策实施前：由单独拟合得到的前置期效应，以事件时间 −1 为基期；"
    "政策实施当期及以后：以政策实施前各期为基准。",
    "path": "路径",
    "share": "占总效应的比例",
    "compared": "渠道比较",
    "note_share": "占总效应的比例：后验中位数及 {} 可信区间；总效应的后验分布跨零时不列。",
    "note_single": "仅当中介变量之间互不影响时，单个渠道才有因果含义。",
    "average": "平均效应",
    "outcome": "结果变量",
    "specification": "设定",
    "as_fitted": "基准模型",
    "change": "改变：{}",
    "row_pooling": "合并方式",
    "row_strata": "效应分组变量",
    "row_deviations": "偏离层级",
    "Complete": "完全合并",
    "Partial": "部分合并",
    "Separate": "不合并",
    "row_errors": "误差",
    "row_time": "时间效应",
    "row_covariates": "控制变量",
    "row_mediators": "中介变量",
    "row_gate": "收敛检验",
    "row_units_all": "全部单位数",
    "row_rows_all": "全部观测数",
    "note_brackets": "方括号内为 {} {}可信区间。",
    "note_parentheses": "圆括号内为后验标准差。",
    "eti": "等尾",
    "hdi": "最高后验密度",
    "status": "计入",
    "note_counts": "计入：该设定是否计入检验结论；其余仅供比较。",
    "yes": "是",
    "no": "否",
    "variable": "变量",
    "n": "观测数",
    "sd_within": "单位内标准差",
    "min": "最小值",
    "median": "中位数",
    "max": "最大值",
    "role_outcome": "结果变量",
    "role_covariates": "控制变量",
    "role_mediators": "中介变量",
    "role_moderators": "调节变量",
    "all_rows": "全样本",
    "ever": "曾受处理",
    "never_": "从未处理",
    "note_panel": "共 {rows:,} 个观测，{units:,} 个单位（{unit}），{periods} 期（{time}，{first} "
    "至 {last}）；{treated:,} 个单位受处理，{never:,} 个单位从未处理。",
    "note_panel_exposure": "共 {rows:,} 个观测，{units:,} 个单位（{unit}），{periods} 期（{time}，"
    "{first} 至 {last}）。",
    "note_cohorts": "各批次单位数：{}。",
    "note_within": "单位内标准差：各观测与所属单位均值之差的标准差。",
    "note_dropped": "因缺失值而剔除的观测：{}。",
    "question": "问题",
    "verdict": "结论",
    "figure": "关键数值",
    "verdict_holds": "通过",
    "verdict_in doubt": "存疑",
    "verdict_fails": "未通过",
    "verdict_reported": "不作判定",
    "verdict_not applicable": "不适用",
    "tally": "{}：{}",
    "student_t": "（新息服从 t 分布）",
    "counted": "{} {} 项",
    "note_verdicts": "“通过”指该检验未发现与结果相悖之处",
    "note_reported": "“不作判定”指只报告数值及其含义，不据以判定通过与否",
    "notes": "注：",
    "part": "{}{}",
    "equation": "{}",
    "treatment": "政策",
    "title_steps": "中介效应的三步法检验：{}",
    "note_steps": "各列依次为：结果变量对政策回归；各中介变量对政策回归；结果变量对政策和中介变量"
    "回归。各列均出自同一次拟合，任何一步的结果都不决定是否进行下一步。",
    "check_convergence": "收敛诊断",
    "check_support": "可识别性",
    "check_pretrends": "事前平行趋势",
    "check_future_exposure": "未来的暴露",
    "check_sensitivity": "对偏离平行趋势的敏感性",
    "check_anticipation": "预期效应",
    "check_placebo_time": "时间安慰剂检验",
    "check_placebo_space": "空间安慰剂检验",
    "check_placebo_outcome": "结果变量安慰剂检验",
    "check_control_group": "更换对照组",
    "check_time_effects": "更换时间效应",
    "check_error_model": "误差结构",
    "check_model_fit": "模型拟合",
    "check_prior_predictive": "先验预测",
    "check_prior_sensitivity": "先验敏感性",
    "check_specifications": "其他设定",
    "check_leave_out": "逐一剔除批次与分组",
    "check_indicators": "逐一剔除指标",
    "check_influence": "个别单位的影响",
    "check_confounding": "渠道的未观测混杂",
    "check_adds_up": "效应加总",
    "check_mediator_pretrends": "中介变量的事前平行趋势",
    "check_mediator_placebo": "中介变量安慰剂检验",
    "check_timing": "中介变量的时序",
    "check_mediator_residuals": "中介变量的残差相关",
    "check_leave_mediator_out": "逐一剔除中介变量",
    "check_near_treatment": "中介变量与政策的区分",
    "check_inconsistent": "效应方向",
}

_LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "zh": _CHINESE}


def words(language: str) -> Mapping[str, str]:
    """Look up what tables say in one language, over what figures say.

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
        If neither speaks it.
    """
    figures = of_figures(language)
    return ChainMap(dict(_LANGUAGES[language]), dict(figures))


def listed(items: list[str], language: str) -> str:
    """Join names as the language does.

    Parameters
    ----------
    items : list of str
    language : str

    Returns
    -------
    str
    """
    return ("、" if language == "zh" else ", ").join(items)


def per_words(attrs: Mapping[Any, Any], say: Mapping[str, str]) -> str:
    """Say for how much of an exposure its effects are.

    Parameters
    ----------
    attrs : mapping
        Of the waist: ``exposure`` and ``per``.
    say : mapping of str to str

    Returns
    -------
    str
    """
    per = str(attrs.get("per", ""))
    if not per or say["language"] != "zh":
        return per or say["one_unit"]
    amount = per.removesuffix(f" of {attrs.get('exposure', '')}")
    spread = re.fullmatch(r"1 within-unit sd \((.*)\)", amount)
    return f"一个单位内标准差（{spread[1]}）" if spread else f"{amount} 个单位"


def question_of(name: str, question: str, say: Mapping[str, str]) -> str:
    """Word a check's question in the table's language, as far as it is known there.

    Parameters
    ----------
    name : str
        Of the check.
    question : str
        In English.
    say : mapping of str to str

    Returns
    -------
    str
    """
    return Translator(say["language"])(question)


def verdict_of(verdict: str, say: Mapping[str, str]) -> str:
    """Word a verdict in the table's language.

    Parameters
    ----------
    verdict : str
    say : mapping of str to str

    Returns
    -------
    str
    """
    return say.get(f"verdict_{verdict}", verdict)
