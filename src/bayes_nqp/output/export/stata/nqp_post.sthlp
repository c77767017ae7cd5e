{smcl}
{title:Title}

{p 4 4 2}{bf:nqp_post} {hline 2} Post draws of a posterior as estimates

{title:Syntax}

{p 8 8 2}{cmd:nqp_post using} {it:draws} [{cmd:,} {opt dep:var(name)} {opt l:evel(#)}]

{title:Description}

{p 4 4 2}{it:draws}.dta has a row a draw and a variable a quantity, beside {cmd:chain}, {cmd:draw} and
{cmd:rows}. {cmd:e(b)} are the means of the quantities, {cmd:e(V)} their covariance (divisor draws
less one), {cmd:e(N)} the rows of the panel. {cmd:esttab} and {cmd:coefplot} take them as they take
other estimates. What they call z and P is of a normal law with these moments; posterior
probabilities are those of the draws themselves.

{title:Examples}

{phang2}{cmd:. nqp_post using draws}{p_end}
{phang2}{cmd:. estimates store bayes}{p_end}
{phang2}{cmd:. coefplot bayes, keep(tp*) vertical}{p_end}
{phang2}{cmd:. esttab bayes, se noobs keep(att)}{p_end}
