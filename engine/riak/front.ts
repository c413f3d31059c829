/**
 * What a front end (HTTP, protocol buffers) is given by the process it stands in. It lives beside the node, in the same
 * process and the same turn: it asks as a client does, by `asked` inputs of a session of its own, and reads bucket
 * properties straight from the node. It has no other way in, so that nothing a foreign client sends can do to a node
 * what a client of ours could not.
 */
import type { Input, Session } from "../io";
import type { ClientAnswer } from "../messages";
import type { Node, NodeCounts } from "../node";
import type { Micros } from "../vocabulary/micros";
import type { ClusterSettings } from "../vocabulary/settings";

/** What a process knows of itself beside the node's own counts; totals since it started. */
export interface FrontCounts extends Readonly<NodeCounts> {
  readonly keysHeld: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** What one front end takes on at once. Every bound that is reached refuses what came, and harms nothing else. */
export interface FrontLimits {
  readonly maxConnections: number;
  /** Operations that this front end has asked its node for and that are not answered yet. */
  readonly maxInFlight: number;
  /** Of one connection: requests that were read and not answered. */
  readonly maxPipelined: number;
  readonly maxUrlBytes: number;
  readonly maxHeaderBytes: number;
  /** Of an object's value, and of any other body. */
  readonly maxBodyBytes: number;
  /** All headers of a request must be there by then, and the whole request by the second. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** A connection on which nothing is asked is closed after so long. */
  readonly idleTimeoutMs: number;
  /** Added to the store's own timeout before the front end answers that it timed out. */
  readonly graceMs: number;
}

export const FRONT_LIMITS: FrontLimits = {
  maxConnections: 1_024,
  maxInFlight: 4_096,
  maxPipelined: 64,
  maxUrlBytes: 8_192,
  maxHeaderBytes: 65_536,
  maxBodyBytes: 8_388_608,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 60_000,
  graceMs: 500,
};

export interface FrontOptions {
  readonly node: Node;
  /** Hands an input to the node's host; effects may be performed within the call. */
  readonly deliver: (input: Input) => void;
  /** A new session of the node's transport: answers to it come to `sink`. */
  readonly open: (sink: (message: ClientAnswer) => void) => Session;
  /** Ends a session that {@link open} gave. */
  readonly shut?: (session: Session) => void;
  /** Monotonic, the time that the node is stepped with. */
  readonly now: () => Micros;
  /** Since 1970, as right or wrong as this node's machine. */
  readonly wallMicros: () => Micros;
  readonly index: number;
  readonly epoch: number;
  readonly members: readonly { readonly id: string }[];
  readonly settings: ClusterSettings;
  readonly counts: () => FrontCounts;
  readonly log: (line: string) => void;
  readonly limits?: Partial<FrontLimits>;
}
