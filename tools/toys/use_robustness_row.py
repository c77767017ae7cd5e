"""Find a row in the robustness table, and fit the model to every second unit by hand."""

import bayes_nqp as nqp

panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
design = nqp.StaggeredDiD(nqp.CompletePooling())
fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
result = nqp.check(fit, "referee", progress=False)
found = nqp.specification_table(result).set_index("specification").loc["every second unit"]
half = panel.where(panel.unit_codes % 2 == 0)
direct = nqp.att(nqp.fit(design, half, nqp.Importance(seed=1), progress=False))
assert abs(found["mean"] - float(direct.mean())) < 0.2 * float(direct.std())
