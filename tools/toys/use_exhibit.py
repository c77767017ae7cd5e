"""Find an exhibit in the checklist and run its code."""

import matplotlib as mpl

import bayes_nqp as nqp

mpl.use("agg")
panel = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1).panel
fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
rows = nqp.referee(fit).to_frame().set_index("label")
assert rows.loc["Effects of all units", "Status"] == "to do"
exec(rows.loc["Effects of all units", "Call or recipe"])
