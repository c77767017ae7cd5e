"""What checks ask, in Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["QUESTIONS"]

QUESTIONS: Final = {
    "convergence": "参数与所报告的量，其抽样是否可用？",
    "support": "数据能识别哪些效应，各依赖多少单位？",
    "pretrends": "政策实施前，处理组与对照组是否平行变动？",
    "future_exposure": "未来的暴露能否预测结果变量？",
    "sensitivity": "对平行趋势的偏离要多大，才会推翻效应？",
    "anticipation": "政策实施前单位是否已有反应？",
    "placebo_time": "若假想政策更早实施，是否确无效应？",
    "placebo_space": "若由其他单位实施政策，效应是否也会同样大？",
    "placebo_outcome": "政策不可能影响的结果变量是否确无效应？",
    "control_group": "换用另一对照组，效应是否仍成立？",
    "time_effects": "换用另一种时间效应，组间差异是否仍成立？",
    "error_model": "区间宽度是否足以反映单位内误差的相关性？",
    "model_fit": "模型能否生成与实际数据相似的结果？",
    "prior_predictive": "先验是否容许实际数据以及合理大小的效应？",
    "prior_sensitivity": "所报告的结果是否依赖先验？",
    "specifications": "换用同一数据的其他模型，平均效应是否仍成立？",
    "leave_out": "平均效应是否由某一批次、组或单位群体主导？",
    "indicators": "平均效应是否由指数的某一指标主导？",
    "influence": "平均效应是否依赖个别单位？",
    "confounding": "未观测的混杂要多强，才会推翻渠道的结论？",
    "adds_up": "直接与间接效应之和是否与仅用结果变量估计的效应一致？",
    "mediator_pretrends": "政策实施前，处理组与对照组的中介变量是否平行变动？",
    "mediator_placebo": "政策不可能影响的中介变量是否确无间接效应？",
    "timing": "中介变量的变动是否不晚于结果变量？",
    "mediator_residuals": "中介变量是否因政策以外的原因共同变动？",
    "leave_mediator_out": "剔除任一中介变量后，其余渠道是否保持不变？",
    "near_treatment": "各中介变量是否确非政策或结果变量的另一名称？",
    "inconsistent": "直接效应与间接效应的方向是否一致？",
}
"""By the name of the check."""
