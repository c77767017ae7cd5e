"""Find a row in the robustness table, and fit the model without the last period by hand."""

import bayes_nqp as nqp

panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
design = nqp.StaggeredDiD(nqp.CompletePooling())
fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
result = nqp.check(fit, "referee", progress=False)
rows = nqp.specification_table(result).set_index("specification")
found = rows.loc["without the last period"]
shorter = panel.where(panel.time_codes < panel.periods - 1)
direct = nqp.att(nqp.fit(design, shorter, nqp.Importance(seed=1), progress=False))
assert abs(found["mean"] - float(direct.mean())) < 0.1 * float(direct.std())
