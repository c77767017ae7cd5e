"""What reports say of likelihood and confidence, in English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["CHINESE", "ENGLISH"]

ENGLISH: Final = {
    "words_says": "Two scales are used (after Mastrandrea et al. 2010). Likelihood is the "
    "posterior probability of a direction if the assumptions hold: “virtually certain” means at "
    "least .99, “extremely likely” .95, “very likely” .90; below that no direction is claimed. "
    "Intervals are equal-tailed and hold {} of the posterior.",
    "words_confidence": "Confidence is in the assumptions, comes from the checks, and is no "
    "probability. Very low: the convergence gate failed, or three checks or more fail. Low: one "
    "or two fail, or three or more are in doubt. Medium: one or two are in doubt, or one that "
    "is needed gave no answer ({needed}). High: none of these. Not assessed: none fails, and "
    "none that speaks to the assumptions gave an answer.",
    "words_contrasts": "A difference between groups is called likely only as far as it is with "
    "the other choice of time effects too.",
    "words_leads": "Where the lead fit has a difference of the other sign, none is claimed.",
    "words_growth": "How the effect moves over event time is judged by the units seen both at "
    "adoption and at the end of the longest window with at least {} of them, weighted alike.",
    "needed_average": "for an average: {}",
    "needed_contrast": "for a difference besides: {}",
    "needed_channel": "for a channel besides: {}",
    "confidence_high": "high confidence",
    "confidence_medium": "medium confidence",
    "confidence_low": "low confidence",
    "confidence_very low": "very low confidence",
    "confidence_not assessed": "confidence not assessed",
    "confidence_says": "{} ({})",
    "ground_gate": "the convergence gate failed",
    "ground_failed": "failed: {}",
    "ground_doubtful": "in doubt: {}",
    "ground_unanswered": "not asked or not answered: {}",
    "ground_none": "of the {} checks that count, none fails or is in doubt",
    "ground_and": "; ",
    "ground_comma": ", ",
    "ground_more": " and {} more",
}
CHINESE: Final = {
    "words_says": "用语采用两套尺度（参照 Mastrandrea 等，2010）。可能性是在各项假定成立的前提下"
    "某一方向的后验概率：“几乎可以肯定”“极有可能”“很可能”分别指不低于 .99、.95 和 .90；低于 .90 "
    "则不断言方向。区间均为 {} 等尾可信区间。",
    "words_confidence": "可信度针对假定本身，由各项检验得出，并非概率。很低：收敛检验未通过，或"
    "至少三项检验未通过；低：一至两项未通过，或至少三项存疑；中等：一至两项存疑，或必需的检验中"
    "有未作或未能回答者（{needed}）；高：无上述情形；未评估：没有检验未通过，但与假定有关的检验"
    "均未作或未能回答。",
    "words_contrasts": "组间差异的可能性以两种时间效应设定下较弱者为准。",
    "words_leads": "若前置期拟合所得组间差异的符号相反，则不作断言。",
    "words_growth": "效应随时间的变化，只在政策实施当期与窗口末期均有观测的同一批单位中比较（权"
    "重相同），并取单位不少于 {} 个的最长窗口。",
    "needed_average": "平均效应：{}",
    "needed_contrast": "组间差异另需：{}",
    "needed_channel": "渠道另需：{}",
    "confidence_high": "可信度高",
    "confidence_medium": "可信度中等",
    "confidence_low": "可信度低",
    "confidence_very low": "可信度很低",
    "confidence_not assessed": "可信度未评估",
    "confidence_says": "{}（{}）",
    "ground_gate": "收敛检验未通过",
    "ground_failed": "未通过：{}",
    "ground_doubtful": "存疑：{}",
    "ground_unanswered": "未作或未能回答：{}",
    "ground_none": "计入的 {} 项检验均无未通过或存疑",
    "ground_and": "；",
    "ground_comma": "、",
    "ground_more": "等，另有 {} 项",
}
