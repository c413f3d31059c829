/**
 * Several windows of one trial recorded while it runs: a recorder for each, behind the one watcher that a simulated
 * cluster has. Each recorder numbers the messages that it keeps by itself, so a message's number here stands for all of
 * theirs. What is watched happens as it would unwatched: a recorder is told and never asked.
 */
import type { Message } from "../engine/messages";
import type { MessageFate, Party, Watcher } from "../engine/sim/trace";
import type { Address } from "../engine/vocabulary/address";
import type { Micros } from "../engine/vocabulary/micros";
import type { Note } from "../engine/io";
import type { OperationRecord } from "../results/record/history";
import type { TraceRecorder } from "./trace-recorder";

export class TraceWindows implements Watcher {
  private readonly kept = new Map<number, readonly (readonly [TraceRecorder, number])[]>();
  private next = 1;

  constructor(readonly recorders: readonly TraceRecorder[]) {}

  sent(at: Micros, from: Party, to: Party, message: Message, bytes: number): number {
    const by = this.recorders.map((recorder) => [recorder, recorder.sent(at, from, to, message, bytes)] as const);
    const keeping = by.filter(([, id]) => id !== 0);
    if (keeping.length === 0) return 0;
    this.kept.set(this.next, keeping);
    return this.next++;
  }

  arrived(id: number, at: Micros): void {
    for (const [recorder, own] of this.kept.get(id) ?? []) recorder.arrived(own, at);
    this.kept.delete(id);
  }

  failed(id: number, at: Micros, fate: Exclude<MessageFate, "delivered" | "in-flight">): void {
    for (const [recorder, own] of this.kept.get(id) ?? []) recorder.failed(own, at, fate);
    // A held message is let go one day.
    if (fate !== "held") this.kept.delete(id);
  }

  stored(at: Micros, node: number, vnode: number, address: Address, state: unknown): void {
    for (const recorder of this.recorders) recorder.stored(at, node, vnode, address, state);
  }

  noted(at: Micros, node: number, note: Note): void {
    for (const recorder of this.recorders) recorder.noted(at, node, note);
  }

  node(...told: Parameters<Watcher["node"]>): void {
    for (const recorder of this.recorders) recorder.node(...told);
  }

  fault(...told: Parameters<Watcher["fault"]>): void {
    for (const recorder of this.recorders) recorder.fault(...told);
  }

  operation(record: OperationRecord): void {
    for (const recorder of this.recorders) recorder.operation(record);
  }
}
