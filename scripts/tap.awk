# Counts the results in one test's TAP: prints "passed failed skipped".
#
# Only top-level lines are counted (subtests are counted by their parent). These count as a failure, too: fewer or more
# results than planned, no plan, and an exit status (-v status=N) of a test whose results are fine. A result marked
# "# TODO" never fails. Node's runner sums up its nested tests in "# tests", "# pass", …; where there is such a
# summary, it is what counts.

/^ok /			{ results++; if ($0 ~ /# *SKIP/) skipped++; else passed++ }
/^not ok /		{ results++; if ($0 ~ /# *TODO/) skipped++; else failed++ }
/^1\.\.[0-9]+/	{ planned = substr($1, 4) + 0; plan = 1; if ($0 ~ /# *SKIP/) skipped++ }
/^Bail out!/	{ failed++ }
/^# pass [0-9]+$/		{ summary = 1; node_passed = $3 }
/^# fail [0-9]+$/		{ node_failed = $3 }
/^# cancelled [0-9]+$/	{ node_cancelled = $3 }
/^# (skipped|todo) [0-9]+$/	{ node_skipped += $3 }

END {
	if (summary) {
		passed = node_passed
		failed = node_failed + node_cancelled
		skipped = node_skipped
	}
	else if (!plan || planned != results)
		failed++
	if (status != 0 && failed == 0)
		failed++
	printf "%d %d %d\n", passed, failed, skipped
}
