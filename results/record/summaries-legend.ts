/**
 * `summaries/README.txt`: what the columns of the tables beside it mean. A table travels without its run, to a spreadsheet or a
 * statistics program, where nobody can tell that `n` counts repetitions or which side was subtracted from which.
 */

/** Plain text, 80 columns. */
export const SUMMARIES_LEGEND = `What the tables in this folder say

Common columns
  cell         name of the configuration; its axes follow, one column each
  world        processes: measured on real processes; simulation: virtual time.
               Numbers of the two worlds are never pooled
  metric, unit as \`npx quorumlab explain <metric>\` defines them; a ratio is a
               share from 0 to 1
  better       lower, higher or neutral: which way is good
  Empty fields were not measured. They are never 0 for want of data.

trials.csv     one row a trial (one repetition of one cell in one world), a
               column a metric
metrics_long.csv
               one row a trial and metric. value, and lo and hi: the 95 %
               interval within that run, from its operations; n: operations (or
               keys, writes) that the value is made of
  validity     in both: valid, doubtful or invalid, by the run's own checks. An
               invalid trial stands here and in no other table: leave it out of
               whatever you compute from these
cells.csv      one row a cell and metric, over its repetitions; those that are
               invalid are left out, and where all are, n is 0 and the row empty
  n            repetitions that measured the metric
  median       over those repetitions
  ci_lo, ci_hi see the column interval
  mean, sd, min, max
               over the repetitions' values; sd divides by n - 1 and is
               empty for one
  interval     over-repetitions: 95 % interval of the median from order
                 statistics, from six repetitions on
               envelope: two to five repetitions have no such interval; lowest
                 lo and highest hi of the runs' own. It says how well each run
                 was measured and not how runs differ
               within-run: one repetition; that run's own interval
  at_least     in both tables: 1 where the value is a lower bound, because
               what it times had not happened when the run ended
comparisons.csv
               each cell against the baseline of its world, in the metrics of
               report.headline, without it in five usual ones; others are not
               tested. n is 0 where a value is only a lower bound
  diff         the cell minus the baseline, in the metric's unit: below 0 the
               cell has less. Pairs repetitions of equal seed (Hodges-Lehmann)
  ci_lo, ci_hi 95 % interval of diff from the signed-rank test; empty with fewer
               than six pairs, which can give none
  p, p_adj     two-sided; adjusted over the table of one world (Holm)
  n            pairs
  verdict      better, worse, different, same (the whole interval lies within
               the noise floor), or inconclusive (this run cannot tell);
               incomparable where the two are of different targets and one of
               them does not show it: reason says why
distance.csv   where cells ran in both worlds: their latency percentiles
               (quantity read or write, percentile 0 to 100) and metrics
  diff, ratio  processes minus, and over, simulation; paired by repetition
  n, interval  pairs; as in cells.csv, of the differences
  read_nrmse, write_nrmse
               root mean squared difference of percentiles 1 to 99.9 over their
               range on processes, in the column diff
`;
