/**
 * A workload that ends: so many operations, divided among the clients as YCSB divides them among its threads (each its
 * share, the first ones one more where it does not come out even), or its load phase as what is measured. A client that is
 * done stops; the others do not take over its share. Without a number it goes on until it is stopped.
 *
 * Inserts of a load are tried again as `core_workload_insertion_retry_limit` says, but only when they definitely did not
 * happen: a second copy of one that may have happened would be a sibling of the first. A client whose insert fails for good
 * stops, unless it is to keep going. Source: YCSB's Client, ClientThread and CoreWorkload.doInsert.
 */
import type { KeyName } from "../../engine/vocabulary/address";
import { assert } from "../../engine/vocabulary/assert";
import { fromMs, type Micros } from "../../engine/vocabulary/micros";
import { certainty, type Outcome } from "../../engine/vocabulary/outcomes";
import type { Octets } from "../../engine/vocabulary/octets";
import type { Random } from "../../engine/vocabulary/random";
import type { DrawnOperation, Workload } from "../operation";

export interface InsertionRules {
  /** Further tries of one record. */
  readonly retryLimit: number;
  /** Before a further try, times 0.8 to 1.2. */
  readonly retryIntervalMs: number;
  readonly keepGoing: boolean;
}

export interface CountedOptions {
  readonly own: Workload;
  readonly clients: number;
  /** Undefined: until `stop`. */
  readonly operations: number | undefined;
  /** Given: the records of the load phase are inserted, and nothing else is done. */
  readonly inserts?: InsertionRules;
  /** Draws how long a client waits before it tries again. */
  readonly random: Random;
  /** One line for whoever watches: a further try, or none. */
  readonly tell?: (line: string) => void;
  /** In place of the workload's own. */
  readonly verify?: (key: KeyName, value: Octets) => boolean;
}

interface Client {
  readonly quota: number;
  begun: number;
  /** Further tries so far of the insert that it is at. */
  tries: number;
  again: DrawnOperation | undefined;
  stopped: boolean;
}

export class CountedWorkload implements Workload {
  readonly name: string;
  readonly loadCount: number;
  readonly endsMeasure = true;
  readonly notes: readonly string[];
  readonly verify?: (key: KeyName, value: Octets) => boolean;
  private readonly options: CountedOptions;
  private readonly clients: readonly Client[];
  private nextInsert = 0;
  private doneCount = 0;
  private waitNext: Micros = 0;
  private halted = false;

  constructor(options: CountedOptions) {
    const { own, clients, operations, inserts } = options;
    assert(clients >= 1, "somebody carries the operations out");
    const all = inserts === undefined ? operations : own.loadCount;
    this.options = options;
    this.name = own.name;
    this.loadCount = own.loadCount;
    this.notes = own.notes;
    this.clients = Array.from({ length: clients }, (_, number) => ({
      quota: all === undefined ? Infinity : Math.floor(all / clients) + (number < all % clients ? 1 : 0),
      begun: 0,
      tries: 0,
      again: undefined,
      stopped: false,
    }));
    const verify = options.verify ?? own.verify?.bind(own);
    if (verify !== undefined) this.verify = verify;
  }

  get hottestKeyShare(): number | undefined {
    return this.options.own.hottestKeyShare;
  }

  /** Operations that are over; an insert counts once, however often it was tried. */
  get done(): number {
    return this.doneCount;
  }

  /** Clients that gave up. */
  get gaveUp(): number {
    return this.clients.filter(({ stopped }) => stopped).length;
  }

  /** Nothing new is begun. */
  stop(): void {
    this.halted = true;
  }

  loadOperation(index: number): DrawnOperation {
    return this.options.own.loadOperation(index);
  }

  next(client = 0): DrawnOperation {
    const { own, inserts } = this.options;
    const one = this.clients[client];
    const { again } = one;
    if (again !== undefined) {
      one.again = undefined;
      return again;
    }
    one.begun++;
    one.tries = 0;
    return { ...(inserts === undefined ? own.next(client) : own.loadOperation(this.nextInsert++)), client };
  }

  over(client?: number): boolean {
    if (this.halted) return true;
    return client === undefined ? this.clients.every(isOver) : isOver(this.clients[client]);
  }

  pause(): Micros {
    const wait = this.waitNext;
    this.waitNext = 0;
    return wait;
  }

  ended(operation: DrawnOperation, outcome: Outcome): void {
    const { inserts, random, tell } = this.options;
    // Of the silent load before a run.
    if (operation.client === undefined) return;
    if (inserts === undefined || outcome === "ok") {
      this.doneCount++;
      return;
    }
    const client = this.clients[operation.client];
    client.tries++;
    if (certainty(outcome) === "definite" && client.tries <= inserts.retryLimit && !this.halted) {
      tell?.(`Retrying insertion, retry count: ${client.tries}`);
      client.again = operation;
      this.waitNext = Math.round(fromMs(inserts.retryIntervalMs) * (0.8 + 0.4 * random.nextFloat()));
      return;
    }
    const limit = `number of attempts: ${client.tries}. Insertion Retry Limit: ${inserts.retryLimit}`;
    tell?.(`Error inserting (${outcome}), not retrying any more. ${limit}`);
    if (inserts.keepGoing) this.doneCount++;
    else client.stopped = true;
  }

  inserted(insertNumber: number): void {
    this.options.own.inserted(insertNumber);
  }
}

function isOver({ quota, begun, again, stopped }: Client): boolean {
  return stopped || (begun >= quota && again === undefined);
}
