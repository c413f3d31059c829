/**
 * A trace: what happened in a window of a simulated trial, message by message. Only asked for, never recorded by default;
 * the replay page and the comparison of two executions read it. One JSON object a line, in order of time.
 *
 * Parties are nodes (`node-3`) and clients (`client-1`). Times are microseconds of virtual time from the start of the trial;
 * `warmup` in the header tells where the report's zero lies.
 */

/** First line of a trace file. */
export interface TraceHeader {
  readonly schema: "quorumlab/trace@1";
  readonly trial: string;
  readonly cell: string;
  readonly nodes: readonly { readonly id: string; readonly zone: string }[];
  /** Token positions in [0, 1) by node, for drawing the ring. */
  readonly tokens: readonly { readonly at: number; readonly node: string }[];
  readonly warmupMicros: number;
  readonly fromMicros: number;
  readonly toMicros: number;
  /** Events that fell into the window but were not kept, by the bound. */
  readonly dropped: number;
}

export type TraceEvent =
  | {
      readonly kind: "message";
      /** Unique in the trace. */
      readonly id: number;
      readonly from: string;
      readonly to: string;
      readonly sentAt: number;
      /** Undefined: never arrived; `fate` says why. A duplicate is a message of its own. */
      readonly arrivedAt: number | undefined;
      readonly fate: "delivered" | "lost" | "cut" | "node-down" | "queue-full" | "held" | "in-flight";
      /** As in messages.ts: `replica-put`, `answer`, … */
      readonly what: string;
      readonly key: string;
      /** Write ids it carries. */
      readonly versions: readonly number[];
      /** Short text: status, outcome, cause. */
      readonly detail: string;
      readonly bytes: number;
    }
  /** What a replica holds of a key from now on. */
  | {
      readonly kind: "state";
      readonly at: number;
      readonly node: string;
      readonly vnode: number;
      readonly key: string;
      readonly versions: readonly number[];
      readonly clock: string;
    }
  | { readonly kind: "note"; readonly at: number; readonly node: string; readonly text: string }
  | { readonly kind: "node"; readonly at: number; readonly node: string; readonly state: "up" | "down" | "paused" }
  | {
      readonly kind: "fault";
      readonly at: number;
      readonly id: string;
      readonly phase: "begin" | "end";
      readonly what: string;
    }
  | {
      readonly kind: "operation";
      readonly startedAt: number;
      readonly endedAt: number;
      readonly client: string;
      readonly operation: string;
      readonly key: string;
      readonly outcome: string;
      readonly writeId: number;
      readonly versions: readonly number[];
      /** As the measures judge it; undefined for writes and where it is not decided. */
      readonly stale: boolean | undefined;
      /** Preference list of the key. */
      readonly replicas: readonly string[];
    };
