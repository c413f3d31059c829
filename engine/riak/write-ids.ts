/**
 * Names for writes that come from clients who give them none. The recorder's handle on a write is a number that no other
 * write of the run has; clients of ours bring theirs, counted by a driver above the number of a session. A front end mints them
 * here, above every session that a driver could have: one bit that is set, 12 of boot epoch, 8 of node and 32 that count, which
 * fits 53. All front ends of a node share one count, or a write
 * over HTTP and one over protocol buffers would be the same write to whoever compares versions.
 *
 * The *vtag* by which Riak's clients name a sibling is that number in base 62, always of the same length.
 */

const counters = new WeakMap<object, { next: number }>();

const NODES = 256;
const EPOCHS = 4_096;
/** No driver has so many sessions. */
const MINTED = NODES * EPOCHS;

/** Gives out write ids of one node's life; `node` is whom the count belongs to. */
export class WriteIds {
  private readonly base: number;
  private readonly counter: { next: number };

  constructor(node: object, { index, epoch }: { readonly index: number; readonly epoch: number }) {
    this.base = (MINTED + (epoch % EPOCHS) * NODES + (index % NODES)) * 2 ** 32;
    const known = counters.get(node);
    this.counter = known ?? { next: 1 };
    if (known === undefined) counters.set(node, this.counter);
  }

  next(): number {
    const { counter } = this;
    const id = this.base + counter.next;
    counter.next = counter.next === 0xffffffff ? 1 : counter.next + 1;
    return id;
  }
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 62 ** 9 is above 2 ** 53. */
const VTAG_LENGTH = 9;

/** The vtag of a version. */
export function vtagOf(writeId: number): string {
  let text = "";
  let rest = writeId;
  for (let i = 0; i < VTAG_LENGTH; i++) {
    text = DIGITS[rest % 62] + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

/** The write id that {@link vtagOf} made a vtag of; undefined where it made none of the kind. */
export function writeIdOfVtag(vtag: string): number | undefined {
  if (vtag.length !== VTAG_LENGTH) return undefined;
  let writeId = 0;
  for (const char of vtag) {
    const digit = DIGITS.indexOf(char);
    if (digit < 0) return undefined;
    writeId = writeId * 62 + digit;
  }
  return Number.isSafeInteger(writeId) ? writeId : undefined;
}

/** The write id that a client of ours gives its write in this header; undefined where it is none. */
export function writeIdOfHeader(text: string): number | undefined {
  if (!/^[1-9][0-9]{0,15}$/.test(text)) return undefined;
  const writeId = Number(text);
  return Number.isSafeInteger(writeId) ? writeId : undefined;
}

/**
 * Not Riak's: with it a PUT, POST or DELETE names its own write, in decimal. So a driver finds its writes again where replicas are
 * looked at, as it does over the binary protocol. The session that writes is its part above 2^32, as drivers count. On a GET,
 * with whatever value, it asks that the answer for a deleted key name the deletes, which have no other place for a name.
 */
export const WRITE_ID_HEADER = "x-quorumlab-write-id";

/** Bytes as one number in base 62, as Riak writes hashes. */
export function base62(bytes: Uint8Array): string {
  let rest = 0n;
  for (const byte of bytes) rest = (rest << 8n) | BigInt(byte);
  let text = "";
  while (rest > 0n) {
    text = DIGITS[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text === "" ? "0" : text;
}
