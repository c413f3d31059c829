import { strict as assert } from "node:assert";
import fc from "fast-check";
import type { Ticket } from "../../../engine/messages";
import { type Admission, GAP_LIFETIME, MAX_GAPS, Tickets } from "../../../engine/quorum/tickets";

const SELF = 9;

function receiver(epoch = 1): { tickets: Tickets; full: number[] } {
  const full: number[] = [];
  return { tickets: new Tickets(SELF, epoch, (from) => full.push(from)), full };
}

const ticket = (number: number, fromEpoch = 1, toEpoch = 1): Ticket => ({ fromEpoch, toEpoch, number });

/** The dumb twin: remembers every request for ever. */
class Remembering {
  private readonly epochs = new Map<number, number>();
  private readonly seen = new Set<string>();

  constructor(private readonly epoch: number) {}

  met(peer: number, epoch: number): void {
    if (epoch > (this.epochs.get(peer) ?? 1)) this.epochs.set(peer, epoch);
  }

  admit(from: number, { fromEpoch, toEpoch, number }: Ticket): Admission {
    if (toEpoch !== this.epoch) return "misaddressed";
    this.met(from, fromEpoch);
    if (fromEpoch !== (this.epochs.get(from) ?? 1)) return "stale";
    const text = `${String(from)}/${String(fromEpoch)}/${String(number)}`;
    if (this.seen.has(text)) return "repeated";
    this.seen.add(text);
    return "first";
  }
}

const arriving = fc.record({
  from: fc.integer({ min: 0, max: 40 }).map((n) => (n < 30 ? n % 3 : n)),
  fromEpoch: fc.constantFrom(1, 1, 1, 2, 3),
  toEpoch: fc.constantFrom(2, 2, 2, 2, 1),
  number: fc.integer({ min: 1, max: 60 }),
  hello: fc.boolean(),
});

describe("tickets", () => {
  it("admit what remembering every request would, in any order, doubled or not, over any lives of the sender", () => {
    fc.assert(
      fc.property(fc.array(arriving, { maxLength: 200 }), (messages) => {
        const { tickets } = receiver(2);
        const twin = new Remembering(2);
        messages.forEach(({ from, fromEpoch, toEpoch, number, hello }, at) => {
          if (hello && at % 10 === 0) {
            tickets.met(from, fromEpoch);
            twin.met(from, fromEpoch);
          }
          const one = ticket(number, fromEpoch, toEpoch);
          assert.equal(tickets.admit(from, one, at), twin.admit(from, one), `message ${String(at)}`);
        });
      }),
    );
  });

  it("admit nothing twice, and stay within their bound, whatever is lost", () => {
    const numbers = fc.array(fc.tuple(fc.nat({ max: 2 }), fc.integer({ min: 1, max: 5 * MAX_GAPS })), {
      minLength: 50,
      maxLength: 300,
    });
    fc.assert(
      fc.property(numbers, (messages) => {
        const { tickets } = receiver();
        const admitted = new Set<string>();
        for (const [from, number] of [...messages, ...messages]) {
          if (tickets.admit(from, ticket(number), 0) !== "first") continue;
          const text = `${String(from)}/${String(number)}`;
          assert.ok(!admitted.has(text), text);
          admitted.add(text);
          assert.ok(tickets.missing <= MAX_GAPS);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("keep no memory of requests that arrive in order", () => {
    const { tickets } = receiver();
    for (let number = 1; number <= 10_000; number++) {
      assert.equal(tickets.admit(3, ticket(number), number), "first");
      assert.equal(tickets.missing, 0);
    }
    assert.equal(tickets.admit(3, ticket(1), 10_001), "repeated");
  });

  it("forget the oldest missing request when there are too many, say so, and ignore it if it comes", () => {
    const { tickets, full } = receiver();
    tickets.admit(5, ticket(2), 0);
    tickets.admit(6, ticket(MAX_GAPS), 0);
    assert.deepEqual([tickets.missing, full], [MAX_GAPS, []]);
    tickets.admit(6, ticket(MAX_GAPS + 2), 0);
    assert.deepEqual([tickets.missing, full], [MAX_GAPS, [5]]);
    assert.equal(tickets.admit(5, ticket(1), 0), "repeated");
    assert.equal(tickets.admit(6, ticket(1), 0), "first");
    tickets.admit(7, ticket(3 * MAX_GAPS), 0);
    assert.equal(tickets.missing, MAX_GAPS);
    assert.equal(tickets.admit(7, ticket(3 * MAX_GAPS - 1), 0), "first");
    assert.equal(tickets.admit(7, ticket(2 * MAX_GAPS - 1), 0), "repeated");
  });

  it("give up what has been missing for long without a word", () => {
    const { tickets, full } = receiver();
    tickets.admit(5, ticket(MAX_GAPS + 1), 0);
    tickets.admit(6, ticket(3), GAP_LIFETIME);
    assert.deepEqual([tickets.missing, full], [2, []]);
    assert.equal(tickets.admit(5, ticket(7), GAP_LIFETIME), "repeated");
  });

  it("count anew for each life of the receiver that the sender hears of", () => {
    const sender = receiver().tickets;
    assert.deepEqual([sender.issue(4), sender.issue(4), sender.issue(70)], [ticket(1), ticket(2), ticket(1)]);
    assert.equal(sender.met(4, 3), true);
    assert.equal(sender.met(4, 3), false);
    assert.equal(sender.met(4, 2), false);
    assert.deepEqual([sender.issue(4), sender.issue(4)], [ticket(1, 1, 3), ticket(2, 1, 3)]);
  });

  it("reach the node itself in its own life", () => {
    const { tickets } = receiver(4);
    assert.equal(tickets.admit(SELF, tickets.issue(SELF), 0), "first");
  });
});
