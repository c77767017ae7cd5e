"""Chinese for the labels that evidence holds in English."""

from __future__ import annotations

import re
from typing import Final

from bayes_nqp.checks._said import Said

__all__ = ["LABELS", "labelled", "statistic", "verdict_word"]

LABELS: Final = {
    "overall": "总体",
    "unit": "单位",
    "as fitted": "基准模型",
    "as fitted, from adoption on": "基准模型（实施当期及以后）",
    "errors": "误差结构",
    "time effects": "时间效应",
    "pooling": "合并方式",
    "priors": "先验",
    "covariates": "控制变量",
    "controls": "对照组",
    "anticipation": "预期效应",
    "slopes": "斜率",
    "cohort": "批次",
    "indicator": "指标",
    "dimension": "维度",
    "rows": "观测",
    "of your own": "自定义",
    "independent errors": "独立误差",
    "AR(1) errors": "AR(1) 误差",
    "AR(1) + noise": "AR(1) 加噪声",
    "common time effects": "共同时间效应",
    "common to all": "共同时间效应",
    "common to all, pooled": "共同时间效应（部分合并）",
    "complete pooling": "完全合并",
    "partial pooling": "部分合并",
    "no pooling": "不合并",
    "no covariates": "无控制变量",
    "never-treated controls": "仅以从未处理单位为对照",
    "never-treated units": "仅以从未处理单位为对照",
    "all untreated rows": "以全部未处理观测为对照",
    "deviations by unit": "允许各单位偏离",
    "slopes by period": "各期斜率不同",
    "one period of anticipation": "提前一期",
    "no deviations by unit": "不允许各单位偏离",
    "all indicators, weighed by these rows alone": "全部指标，仅用面板内观测赋权",
    "autocorrelation, lag 1": "滞后 1 期自相关",
    "autocorrelation, lag 2": "滞后 2 期自相关",
    "autocorrelation, lag 3": "滞后 3 期自相关",
    "partial autocorrelation, lag 2": "滞后 2 期偏自相关",
    "kurtosis of innovations": "新息峰度",
    "largest innovation": "最大新息",
    "spread between strata": "各组误差标准差之比",
    "spread between periods": "各期误差标准差之比",
    "pre-period slope": "处理组政策前的差异斜率",
    "last pre-period": "处理组政策前最后一期的差异",
    "pre-period steps": "处理组政策前的逐期变化",
    "sd within units": "单位内标准差",
    "sd of changes": "逐期变化的标准差",
    "treated less untreated": "处理观测与未处理预测之差",
    "sd of treated less untreated": "处理观测与未处理预测之差的标准差",
    "slope before adoption": "政策前每期的差异斜率",
    "effect on the mediator": "对中介变量的效应",
    "indirect effect": "间接效应",
    "indirect effect, a period earlier": "间接效应（中介变量提前一期）",
    "direct effect": "直接效应",
    "direct and indirect": "直接与间接效应之和",
    "outcome alone": "仅用结果变量的估计",
    "proportion mediated": "中介效应占比",
    "delay": "响应的滞后",
    "outcome": "结果变量",
    "all mediators": "全部中介变量",
    "with the treatment": "与政策变量",
    "with the outcome": "与结果变量",
    "att": "平均效应",
    "effect": "效应",
    "effect, rows with a future": "效应（有后续观测的样本）",
    "effect beside future exposure": "控制未来暴露后的效应",
}
"""By the English label."""

_PATTERNS: Final = (
    (r"outcome alone, (\d+) rows with all mediators", r"仅用结果变量（中介变量齐全的 \1 个观测）"),
    (r"without cohort (.+)", r"剔除批次 \1"),
    (r"without dimension (.+)", r"剔除维度 \1"),
    (r"without (.+)", r"剔除 \1"),
    (r"(\d+) periods? of anticipation", r"提前 \1 期"),
    (r"time effects by (.+), pooled", r"按 \1 分组的时间效应（部分合并）"),
    (r"time effects by (.+)", r"按 \1 分组的时间效应"),
    (r"by (.+), pooled", r"按 \1 分组的时间效应（部分合并）"),
    (r"by (.+)", r"按 \1 分组的时间效应"),
    (r"no deviations by (.+)", r"不允许各 \1 偏离"),
    (r"effect priors (.+)", r"效应先验 \1"),
    (r"exposure (\d+) ahead", r"未来第 \1 期的暴露"),
    (r"att\[event_time=(.+)\]", r"事件时间 \1 的效应"),
    (r"att\[(.+)=(.+)\]", r"\1 = \2 的平均效应"),
    (r"with (.+)", r"与 \1"),
)

_VERDICTS: Final = {
    "holds": "通过",
    "in doubt": "存疑",
    "fails": "未通过",
    "reported": "不作判定",
    "not applicable": "不适用",
}


def labelled(text: object) -> Said:
    """Give a label in both languages; names of the user's own stay as they are.

    Parameters
    ----------
    text : object
        Of a specification, a kind of change, a quantity or a statistic, in English.

    Returns
    -------
    Said
    """
    english = str(text)
    if english in LABELS:
        return Said(english, LABELS[english])
    for pattern, chinese in _PATTERNS:
        if re.fullmatch(pattern, english):
            return Said(english, re.sub(pattern, chinese, english))
    return Said(english, english)


def statistic(name: str) -> Said:
    """Give a statistic's name as sentences have it.

    Parameters
    ----------
    name : str
        As evidence has it.

    Returns
    -------
    Said
    """
    return Said(name.replace(", lag", " at lag"), labelled(name).zh)


def verdict_word(verdict: str) -> Said:
    """Give a verdict in both languages.

    Parameters
    ----------
    verdict : str

    Returns
    -------
    Said
    """
    return Said(verdict, _VERDICTS[verdict])
