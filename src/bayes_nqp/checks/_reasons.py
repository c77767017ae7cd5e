"""Chinese for what other rooms say in English: gates, and why something cannot be fitted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._said import Said

__all__ = ["gate_words", "reason"]

_GATE: Final = (
    (r"(\d+) divergences?", r"\1 次发散"),
    (r"bulk ESS", "主体有效样本量"),
    (r"effective weights (\d+)", r"有效权重数 \1"),
    (r"k-hat (\S+) \(limit (\S+)\)", r"k̂ 值 \1（限 \2）"),
    (r"(\d+) draws, fewer than (\d+)", r"共 \1 次抽样，少于 \2 次"),
    (r"tail ESS", "尾部有效样本量"),
    (r" \(att\)", "（平均效应）"),
    (r"\(average effect(?=[\[)])", "(平均效应"),
    (r"\(effect(?=[\[)])", "(效应"),
    (r"^outcome: ", "结果方程："),
    (r"^(.+?): ", r"\1："),
    (r" \((.+)\)", r"（\1）"),
)

_ROLES: Final = {
    "covariate": "控制变量",
    "baseline": "基期变量",
    "mediator": "中介变量",
    "moderator": "调节变量",
    "moderated effect": "受调节的效应",
    "outcome": "结果变量",
}


def _role(match: re.Match[str]) -> str:
    return f"{_ROLES[match[1]]} {match[2]}："


def _listed(names: str) -> str:
    for english, chinese in _ROLES.items():
        names = re.sub(rf"\b{english} '", f"{chinese} '", names)
    names = names.replace("the exposure '", "暴露变量 '").replace("', ", "'、")
    return re.sub(r", and (\d+) more$", r"等（另有 \1 个）", names)


def _exact(match: re.Match[str]) -> str:
    names = _listed(match[3])
    role = f"{_ROLES[match[1]]} " if match[1] else ""
    return f"{role}{match[2]} 是{names}以及单位与时间效应的精确线性函数"


_REASONS: Final[tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]] = (
    (
        r"covariates, mediators, moderators or slopes are collinear with unit effects, time "
        r"effects, the effects of treatment or one another",
        "控制变量、中介变量、调节变量或斜率与单位效应、时间效应、处理效应或彼此之间共线",
    ),
    (r"(covariate|baseline|mediator|moderator|moderated effect) ('.+?'): ", _role),
    (
        r"unit effects explain it in full, for within units rounding alone moves it",
        "单位内除舍入误差外没有变动，单位效应已完全解释它",
    ),
    (r"unit and time effects explain it in full", "单位效应与时间效应已完全解释它"),
    (r"the effects of treatment explain it in full", "处理效应已完全解释它"),
    (
        r"the effects of the exposure ('.+?') explain it in full",
        r"暴露变量 \1 的效应已完全解释它",
    ),
    (
        r"it is a linear function of (.+?), the effects of (?:treatment|the exposure '.+?') and "
        r"unit and time effects",
        lambda match: f"它是{_listed(match[1])}、处理效应以及单位与时间效应的线性函数",
    ),
    (
        r"it is a linear function of (.+?) and unit and time effects",
        lambda match: f"它是{_listed(match[1])}以及单位与时间效应的线性函数",
    ),
    (
        r"the (?:(outcome|mediator) )?(.+?) is an exact linear function of (.+?) and of unit and "
        r"time effects",
        _exact,
    ),
    (
        r"the moderator (.+?) is the outcome (.+?) in other units, in all treated rows",
        r"调节变量 \1 在所有受处理观测中就是结果变量 \2，只是单位不同",
    ),
    (
        r"the mediator (.+?) cannot be explained by this design: ",
        r"该设计无法解释中介变量 \1：",
    ),
    (
        r"the untreated rows are too few to tell time effects from noise",
        "未处理观测过少，无法区分时间效应与噪声",
    ),
    (
        r"(\d+) untreated rows of (\d+) units",
        r"\2 个单位的 \1 个未处理观测",
    ),
    (
        r"the outcome does not vary within units over untreated rows",
        "结果变量在未处理观测中没有单位内变动",
    ),
    (r"the exposure (.+?) is (\S+) in every row", r"暴露变量 \1 在所有观测中均为 \2"),
    (
        r"the slope of the exposure (.+?) is not identified in (\d+) of (\d+) strata",
        r"\3 个组中有 \2 个组的暴露变量 \1 斜率不可识别",
    ),
    (
        r"the moderator (.+?) is the same in all treated rows",
        r"调节变量 \1 在所有受处理观测中取值相同",
    ),
    (
        r"(\d+) of (\d+) cells have effects that the data do not identify",
        r"\2 个单元格中有 \1 个的效应不可识别",
    ),
    (r"the panel has a single period", "面板只有一期"),
    (
        r"the total effect straddles zero in (\d+) of (\d+) groups",
        r"\2 个组中有 \1 个组的总效应跨越零",
    ),
    (r"the total effect straddles zero", "总效应跨越零"),
    (r"nobody is treated within the sample", "样本期内没有单位受处理"),
    (r"periods (\S+) to (\S+)", r"\1 至 \2 期"),
    (
        r"every row is treated, so nothing shows what would have happened without the policy",
        "所有观测均受处理，无从得知没有政策时的结果",
    ),
    (
        r"controls='never' needs never-treated units wherever units are treated",
        "controls='never' 要求凡有受处理单位之处都有从未处理单位",
    ),
    (r"none in (.+)", r"\1 中没有"),
    (
        r"the saturated fit has coefficients that the data do not identify",
        "饱和模型中有数据无法识别的系数",
    ),
    (
        r"(\d+) complete rows are too few for (\d+) coefficients",
        r"\1 个完整观测不足以估计 \2 个系数",
    ),
    (
        r"columns are linear functions of those before them: intercepts, covariates, treatment, "
        r"mediators",
        "有的列是其前各列（截距、控制变量、政策变量、中介变量）的线性函数",
    ),
    (
        r"outcome=(.+?) is an exact linear function of the other columns",
        r"outcome=\1 是其他列的精确线性函数",
    ),
    (r"(\w+=.+?) does not vary in a stratum", r"\1 在某个组内没有变动"),
    (
        r"its units have no untreated period \(treated throughout\)",
        "其单位没有未处理期（始终受处理）",
    ),
    (r"no untreated unit in that period", "该期没有未处理单位"),
    (
        r"no never-treated unit to compare with in that period",
        "该期没有可供比较的从未处理单位",
    ),
    (
        r"its untreated periods and the untreated units of that period are not connected",
        "其未处理期与该期的未处理单位互不连通",
    ),
    (r"the exposure never changes within its units", "单位内的暴露从不变动"),
    (
        r"unit and time effects explain all of the exposure's variation",
        "单位效应与时间效应解释了暴露的全部变动",
    ),
    (
        r"the fit's likelihood is (.+?), sampled row by row, and unit effects cannot be "
        r"integrated out of it",
        r"该拟合的似然为 \1，系逐行抽样，无法积分消去单位效应",
    ),
    (
        r"by=(.+?) divides units that share one effect deviation",
        r"by=\1 把共有同一效应偏离的单位分开",
    ),
    (
        r"unit=(.+?) has a single unit, (.+?): there is nothing to compare it to",
        r"unit=\1 只有一个单位（\2），无从比较",
    ),
    (r"outcome=(.+?) is (\S+) in every row", r"outcome=\1 在所有观测中均为 \2"),
    (r"an index of zero has no logarithm", "指数为零，无法取对数"),
    (r"without dimension (\S+): ", r"剔除维度 \1："),
    (r"without cohort (\S+): ", r"剔除批次 \1："),
    (r"without (.+?): ", r"剔除 \1："),
    (r"\(([^()]*)cohort ([^(),]+), time ([^()]+)\): ", r"（\1批次 \2，时间 \3）："),
)


def gate_words(gate: str) -> Said:
    """Give the verdict of a convergence gate in both languages.

    Parameters
    ----------
    gate : str
        Of a fit, or one of its failures.

    Returns
    -------
    Said
        In Chinese without the word that it failed.
    """
    if gate == v.PASSED:
        return Said(gate, "通过")
    chinese = gate.removeprefix("failed").lstrip(": ")
    parts = []
    for part in chinese.split("; "):
        for pattern, replacement in _GATE:
            part = re.sub(pattern, replacement, part)
        parts.append(part)
    return Said(gate, "；".join(parts))


def reason(text: str) -> Said:
    """Give the text of an error in both languages, phrase by phrase as far as it is known.

    Parameters
    ----------
    text : str

    Returns
    -------
    Said
    """
    chinese = text
    for pattern, replacement in _REASONS:
        chinese = re.sub(pattern, replacement, chinese)
    return Said(text, chinese.replace("; ", "；"))
