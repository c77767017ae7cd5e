*! nqp_post 0.2.0: posterior means and covariances of draws as estimates
program define nqp_post, eclass
	version 14
	syntax using/ [, DEPvar(name) Level(cilevel)]
	preserve
	quietly use `"`using'"', clear
	local about : data label
	local rows = rows[1]
	drop chain draw rows
	unab names : _all
	tempname b V
	quietly matrix accum `V' = `names', deviations noconstant means(`b')
	matrix `V' = `V' / (_N - 1)
	restore
	matrix rownames `b' = y1
	if "`depvar'" == "" local depvar "effect"
	ereturn post `b' `V', obs(`rows') depname(`depvar')
	ereturn local about `"`about'"'
	ereturn local title "Posterior means and standard deviations"
	ereturn local cmd "nqp_post"
	display as text `"`about'"'
	ereturn display, level(`level')
	display as text "z and P are those of a normal law with these moments, no test."
end
