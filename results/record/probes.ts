/**
 * Probes: the questions beyond latency and throughput that a report may answer, by the names that `measure.probes` uses.
 * Every measure is computed in every trial and stored, whatever is listed (a fold over operations that happen anyway);
 * the list decides which of them the report's first table and its charts show, so that a report of twenty charts can be
 * one of eight. A probe that is not listed is a click away, never lost.
 */
export interface Probe {
  readonly name: string;
  readonly title: string;
  /** Metrics that stand in the first table only where this probe is listed; a name that ends in `*` is a beginning. */
  readonly metrics: readonly string[];
  /** Charts by id. */
  readonly charts: readonly string[];
}

export const PROBES: readonly Probe[] = [
  {
    name: "staleness_t",
    title: "How often reads are stale and by how much time: t-visibility",
    metrics: ["p_stale", "p_consistent_at_commit", "t_visibility_999_ms", "staleness_t_*", "true_window_*"],
    charts: ["t-visibility", "stale-over-time"],
  },
  {
    name: "staleness_k",
    title: "How many versions behind stale reads are: k-staleness",
    metrics: ["staleness_k_p99"],
    charts: ["k-staleness", "one-copy"],
  },
  {
    name: "siblings",
    title: "Siblings per read and key, and what the clock costs and gets wrong",
    metrics: [
      ...["siblings_*", "lost_updates", "false_conflicts", "false_dominance", "missed_conflicts"],
      ...["resurrected_deletes", "clock_*", "context_bytes_mean"],
    ],
    charts: ["siblings", "anomalies", "version-graph", "siblings-by-writes", "metadata-by-writers"],
  },
  {
    name: "divergence",
    title: "Keys whose replicas differ, over time and at the end",
    metrics: ["divergent_keys_*", "missing_keys_final", "stale_keys_final", "conflicting_keys_final"],
    charts: ["divergence", "divergence-by-kind"],
  },
  {
    name: "convergence",
    title: "How long until replicas agree after a fault",
    metrics: ["convergence_*", "unconverged_faults"],
    charts: ["convergence"],
  },
  {
    name: "failure_detection",
    title: "How soon crashes are found out, and how often running nodes are taken for dead",
    metrics: ["fd_*"],
    charts: ["detection-time", "mistake-rate", "detection-front", "suspicion-level", "opinions-over-time"],
  },
  {
    name: "membership",
    title: "How long members take to agree on a ring, and what a change of it moves",
    metrics: ["ring_changes", "ring_change_s", "ring_agreement_*", "transferred_*", "gossip_*"],
    charts: ["ring-views"],
  },
  {
    name: "repair_traffic",
    title: "What replication and each kind of repair send",
    metrics: ["repair_bytes_per_op", "messages_per_op*", "bytes_per_op*", "read_repairs", "keys_overstreamed"],
    charts: ["repair-work"],
  },
  {
    name: "hints",
    title: "Hints that wait, and that waited too long",
    metrics: ["hints_*", "hinted_writes_final"],
    charts: ["hints-over-time"],
  },
  {
    name: "load_balance",
    title: "How evenly nodes are loaded",
    metrics: [
      ...[
        "load_*",
        "ring_*",
        "outages_per_century*",
        "key_imbalance",
        "keys_per_weight_error",
        "role_imbalance_max",
        "out_of_balance*",
      ],
      ...["imbalance_low_load", "imbalance_high_load", "imbalance_low_over_high"],
    ],
    charts: ["ring-balance", "ring-metadata", "ring-changes", "work-by-role", "imbalance-over-time"],
  },
];

/** Whether the report shows a metric under these probes (undefined: all); what no probe claims is always shown. */
export function showsMetric(metric: string, probes: readonly string[] | undefined): boolean {
  const claims = (probe: Probe): boolean =>
    probe.metrics.some((name) => (name.endsWith("*") ? metric.startsWith(name.slice(0, -1)) : metric === name));
  return shows(claims, probes);
}

export function showsChart(chart: string, probes: readonly string[] | undefined): boolean {
  return shows((probe) => probe.charts.includes(chart), probes);
}

function shows(claims: (probe: Probe) => boolean, probes: readonly string[] | undefined): boolean {
  if (probes === undefined) return true;
  const claimed = PROBES.filter(claims);
  return claimed.length === 0 || claimed.some(({ name }) => probes.includes(name));
}
