"""Find an estimator in the table beside the others, and compare it with the changes by hand."""

import bayes_nqp as nqp

panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
fit = nqp.fit(
    nqp.StaggeredDiD(nqp.CompletePooling()), panel, nqp.Importance(seed=1), progress=False
)
table = nqp.estimators_table(fit)
rows = table[table["estimator"] == "Changes of the treated"]
assert len(rows), table["estimator"].unique()

frame = panel.frame
adopts = frame[panel.roles.cohort].notna()
time, cohort = frame[panel.roles.time], frame[panel.roles.cohort]
last = frame[adopts & (time == cohort - 1)].set_index(panel.roles.unit)[panel.roles.outcome]
treated = frame[adopts & (time >= cohort)]
change = treated[panel.roles.outcome] - treated[panel.roles.unit].map(last)
average = rows[rows["event_time"].isna()]
assert len(average) == 1, rows
assert abs(float(average["mean"].iloc[0]) - change.mean()) < 1e-10
