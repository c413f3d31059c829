/**
 * Under which session a client sends: one for ever, or a new one after so many operations, as clients are that come, write
 * a little and are never seen again. A new identity has a new number and knows no contexts. Numbers are counted on from
 * those in use and are never given twice, because write ids, and the clocks of client ids, are made of them; where they
 * run out the client goes on under its last one, and that is counted and told, because the storm then is none.
 *
 * Who sends what is settled when an operation is drawn, sent or not, so it does not depend on how the store fares.
 */
import { assert } from "../engine/vocabulary/assert";
import { MAX_SESSIONS, Session } from "./session";

export interface IdentitiesOptions {
  readonly clients: number;
  /** Number of the first session; one for each client from here on. */
  readonly first: number;
  /** Numbers of later identities begin here. */
  readonly later: number;
  /** From one number to the next; 1 where nobody else takes those in between. */
  readonly step?: number;
  /** Operations of one identity; Infinity for ever. */
  readonly lifetime: number;
  readonly contextsKept: number;
}

interface Client {
  session: Session;
  operations: number;
}

export class Identities {
  private readonly options: IdentitiesOptions;
  private readonly clients: readonly Client[];
  private readonly contextsKept: number;
  private readonly step: number;
  private nextNumber: number;
  private outlivedOperations = 0;

  constructor(options: IdentitiesOptions) {
    const { lifetime, contextsKept } = options;
    assert(lifetime >= 1, "an identity lives for an operation at least");
    this.options = options;
    // Sets of four: room for every key that an identity can meet, and some for keys that fall into one set.
    this.contextsKept = Math.min(contextsKept, SETS_ROOM * lifetime);
    this.step = options.step ?? 1;
    this.nextNumber = options.later;
    this.clients = Array.from({ length: options.clients }, (_, i) => ({
      session: new Session(options.first + i * this.step, this.contextsKept),
      operations: 0,
    }));
  }

  /** Identities that were taken after the first ones. */
  get renewed(): number {
    return (this.nextNumber - this.options.later) / this.step;
  }

  /** Operations under an identity that should have ended, for want of numbers. */
  get outlived(): number {
    return this.outlivedOperations;
  }

  /** The session of the next operation of `client`. */
  forNext(client: number): Session {
    assert(client >= 0 && client < this.clients.length, "an operation is sent by a client there is");
    const one = this.clients[client];
    if (one.operations >= this.options.lifetime) {
      if (this.nextNumber < MAX_SESSIONS) {
        one.session = new Session(this.nextNumber, this.contextsKept);
        this.nextNumber += this.step;
        one.operations = 0;
      } else this.outlivedOperations++;
    }
    one.operations++;
    return one.session;
  }
}

const SETS_ROOM = 16;
