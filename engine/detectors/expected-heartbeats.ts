/**
 * What all detectors have in common that wait for the next heartbeat: each peer has an instant by which it must have come, and is
 * suspected from that instant until one comes that is early enough again. They differ in how they set the instant. Like a
 * timetable: a train is late against its own hour, not against the last train.
 *
 * Instants only move away, so they are looked at when the earliest may have come and not with each heartbeat. A message that is
 * no heartbeat says nothing here: estimates of when heartbeats come must not be mixed with how busy a link is.
 */
import type { NodeIndex } from "../messages";
import type { Micros } from "../vocabulary/micros";
import type { Detector } from "./detector";

export abstract class ExpectedHeartbeats implements Detector {
  private readonly watched: boolean[] = [];
  private readonly due: Micros[] = [];
  private readonly lastArrival: Micros[] = [];
  private readonly lastSequence: number[] = [];
  private readonly epochs: number[] = [];
  private readonly suspicion: boolean[] = [];
  private nextCheck = Infinity;
  private changed: NodeIndex[] = [];
  private peers: readonly NodeIndex[] = [];

  /** `patience`: until the first heartbeat of a life must have come. */
  protected constructor(
    readonly heartbeatIntervalMicros: Micros,
    private readonly patience: Micros,
  ) {}

  /** A heartbeat with a number above all before it has come: until when must the next one have? Not in the past by intention, but may be. */
  protected abstract arrived(node: NodeIndex, sequence: number, now: Micros): Micros;

  /** Nothing that was learnt of `node` holds any more. */
  protected abstract forget(node: NodeIndex): void;

  get hasNews(): boolean {
    return this.changed.length > 0;
  }

  heard(): void {
    // Heartbeats alone are sent at known times.
  }

  heartbeat(node: NodeIndex, sequence: number, epoch: number, now: Micros): void {
    if (this.watched[node] !== true) return;
    if (epoch < this.epochs[node]) return;
    if (epoch > this.epochs[node]) {
      this.epochs[node] = epoch;
      this.lastSequence[node] = 0;
      this.forget(node);
      this.lastArrival[node] = now;
      this.expect(node, now + this.patience, now);
    }
    // A repeated number introduces a life and is not sent when a heartbeat would be.
    if (sequence <= this.lastSequence[node]) return;
    const due = this.arrived(node, sequence, now);
    this.lastSequence[node] = sequence;
    this.lastArrival[node] = now;
    this.expect(node, due, now);
  }

  follow(peers: readonly NodeIndex[], now: Micros): void {
    const before = new Set(this.peers);
    for (const peer of peers) {
      if (before.delete(peer)) continue;
      this.watched[peer] = true;
      this.epochs[peer] = 0;
      this.lastSequence[peer] = 0;
      this.lastArrival[peer] = now;
      this.suspicion[peer] = false;
      this.due[peer] = now + this.patience;
      this.nextCheck = Math.min(this.nextCheck, this.due[peer]);
      this.forget(peer);
    }
    for (const left of before) {
      this.suspicion[left] = false;
      this.watched[left] = false;
      this.forget(left);
    }
    this.peers = [...peers];
  }

  suspected(node: NodeIndex): boolean {
    return this.suspicion[node] === true;
  }

  /** Time since the last heartbeat, in units of the time that was allowed for the next. */
  level(node: NodeIndex, now: Micros): number {
    const since = this.lastArrival[node];
    return (now - since) / Math.max(1, this.due[node] - since);
  }

  advance(now: Micros): readonly NodeIndex[] {
    if (now >= this.nextCheck && this.convicts) this.check(now);
    if (this.changed.length === 0) return NONE;
    const { changed } = this;
    this.changed = [];
    return changed;
  }

  /** Whether what is overdue is held against whom it is due from. */
  protected get convicts(): boolean {
    return true;
  }

  private check(now: Micros): void {
    let next = Infinity;
    for (const peer of this.peers) {
      if (this.suspicion[peer]) continue;
      const due = this.due[peer];
      if (due <= now) {
        this.suspicion[peer] = true;
        this.changed.push(peer);
      } else if (due < next) next = due;
    }
    this.nextCheck = next;
  }

  nextWakeup(): Micros | undefined {
    return this.nextCheck === Infinity ? undefined : this.nextCheck;
  }

  protected sinceHeartbeat(node: NodeIndex, now: Micros): Micros {
    return now - this.lastArrival[node];
  }

  /** How many heartbeats are missing between the last one and number `sequence`; 0 before the first. */
  protected missingBefore(node: NodeIndex, sequence: number): number {
    return this.lastSequence[node] === 0 ? 0 : sequence - this.lastSequence[node] - 1;
  }

  /** Whether a heartbeat of this life has come before. */
  protected hasHeartbeat(node: NodeIndex): boolean {
    return this.lastSequence[node] !== undefined && this.lastSequence[node] > 0;
  }

  private expect(node: NodeIndex, due: Micros, now: Micros): void {
    this.due[node] = due;
    if (due < this.nextCheck) this.nextCheck = Math.max(due, now);
    if (!this.suspicion[node] || due <= now) return;
    this.suspicion[node] = false;
    this.changed.push(node);
  }
}

const NONE: readonly NodeIndex[] = [];
