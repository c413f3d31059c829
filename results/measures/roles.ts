/**
 * Symmetry, measured: every node of a Dynamo-style store has the same duties (section 2.3 of the paper), so the work of each
 * role should be spread over nodes like that of any other. A store in which one node does all the coordinating, or keeps all the
 * hints, is even in the sum and has a distinguished node nevertheless; therefore role by role, and not by the sum.
 *
 * A role that was hardly played is left out of the worst: of three hints the busiest node keeps three times its share, which says
 * nothing about anybody.
 */
import type { TrialFigures } from "../record/figures";
import { isSpan, type NodeCounters, type OperationRecord, THE_CLIENT_ITSELF } from "../record/history";
import { CAUSES, type MessageCause } from "../record/repair-counters";
import { peakOverMean, tookPart } from "./load-balance";
import type { FinishContext, Findings, Measure } from "./measure";
import { notMeasured } from "./percentiles";

type Work = NonNullable<TrialFigures["work"]>;

/** Work of a role that a node does at least, on average, for its spread to say something: counts of 100 scatter by 10 %. */
export const LEAST_WORK_A_NODE = 100;

/** Counted as what they are for: messages of these causes belong to roles counted in requests and copies. */
const COUNTED_OTHERWISE: readonly MessageCause[] = ["replication", "reading", "forwarding"];
const ROLE_OF_CAUSE: Readonly<Partial<Record<MessageCause, string>>> = {
  "read-repair": "read repair",
  hint: "moving hints",
  detector: "failure detection",
};

export class RolesMeasure implements Measure {
  readonly name = "roles";

  private gets = 0;
  private puts = 0;

  /** Nodes are judged from their own counters, which no client can see; what clients coordinate no node counts. */
  operation({ coordinator, phase, kind }: OperationRecord): void {
    if (coordinator !== THE_CLIENT_ITSELF || phase !== "measure") return;
    if (kind === "read") this.gets++;
    else if (!isSpan(kind)) this.puts++;
  }

  finish(end: FinishContext): Findings {
    const work = workByRole(end.counters.filter((node) => tookPart(node, end)));
    if (work === undefined) return { metrics: { role_imbalance_max: notMeasured("times") } };
    const worst = worstRole(work);
    return {
      metrics: {
        role_imbalance_max:
          worst === undefined
            ? notMeasured("times")
            : { value: worst.imbalance, lo: null, hi: null, n: worst.work, unit: "times" },
      },
      figures: {
        work: {
          ...work,
          ...(this.gets + this.puts === 0 ? {} : { byClients: { gets: this.gets, puts: this.puts } }),
        },
      },
    };
  }
}

/** Roles that somebody played; undefined where no node told. */
export function workByRole(counters: readonly NodeCounters[]): Work | undefined {
  if (counters.length === 0) return undefined;
  const roles = [
    role("coordinating gets", "requests", counters, ({ coordinatedGets }) => coordinatedGets),
    role("coordinating puts", "requests", counters, ({ coordinated, coordinatedGets, coordinatedScans = 0 }) =>
      coordinatedGets === undefined ? undefined : coordinated - coordinatedGets - coordinatedScans,
    ),
    role("coordinating scans", "requests", counters, ({ coordinatedScans }) => coordinatedScans),
    role("forwarding", "requests", counters, ({ forwarded }) => forwarded),
    role("replica reads", "copies", counters, ({ replicaReads }) => replicaReads),
    role("range reads", "copies", counters, ({ rangeRecords }) => rangeRecords),
    role("replica writes", "copies", counters, ({ replicaWrites }) => replicaWrites),
    role("keeping hints", "copies", counters, ({ hintsWritten }) => hintsWritten),
    ...CAUSES.filter((cause) => !COUNTED_OTHERWISE.includes(cause)).map((cause) =>
      role(ROLE_OF_CAUSE[cause] ?? cause, "messages", counters, ({ byCause }) =>
        byCause === undefined ? undefined : (byCause[cause]?.messages ?? 0),
      ),
    ),
  ].filter((one) => one !== undefined);
  return { nodes: counters.map(({ node }) => node), roles };
}

function role(
  name: string,
  unit: Work["roles"][number]["unit"],
  counters: readonly NodeCounters[],
  of: (node: NodeCounters) => number | undefined,
): Work["roles"][number] | undefined {
  const counts = counters.map(of).filter((count) => count !== undefined);
  return counts.length === counters.length && counts.some((count) => count > 0)
    ? { role: name, unit, counts }
    : undefined;
}

/** The least evenly spread of those that were played enough: `least` times a node, on average. */
export function worstRole(
  work: Work,
  least = LEAST_WORK_A_NODE,
): { readonly role: string; readonly imbalance: number; readonly work: number } | undefined {
  let worst: { role: string; imbalance: number; work: number } | undefined;
  for (const { role: name, counts } of work.roles) {
    const sum = counts.reduce((total, count) => total + count, 0);
    const imbalance = peakOverMean(counts);
    if (imbalance === undefined || sum < least * counts.length) continue;
    if (worst === undefined || imbalance > worst.imbalance) worst = { role: name, imbalance, work: sum };
  }
  return worst;
}
