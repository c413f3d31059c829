/**
 * One item of `faults:`. Everything wrong with it is told at once, each with its own line: a part that is missing, one that
 * belongs to another kind of fault, a node that is not there.
 */
import {
  INSTANTANEOUS,
  type ClientSide,
  type FaultAction,
  type FaultKind,
  type FaultLinks,
  type FaultSettings,
  type FaultTarget,
  resolveTargets,
} from "../../engine/vocabulary/faults";
import { nearest } from "../../engine/vocabulary/nearest";
import { formatDuration, parseDurationMs } from "../../engine/vocabulary/quantities";
import { FAULT_KINDS, FAULT_PARAMETERS, faultParts, type FaultKindRow } from "../../engine/vocabulary/rows/fault-kinds";
import { checkValue, printWritten, type Checked, type ValueKind } from "../../engine/vocabulary/value-kinds";
import type { MemberPlan } from "./cross-checks";
import { nodeAt, placeOf, written, type Located, type LocatedMap } from "./located";
import type { Problems } from "./problems";
import type { RecordedDistributions } from "./recorded-distribution";

export const FAULT_ROWS: ReadonlyMap<string, FaultKindRow> = new Map(FAULT_KINDS.map((row) => [row.kind, row]));
const PARAMETERS = new Map(FAULT_PARAMETERS.map((parameter) => [parameter.name, parameter]));
/** Of one fault: more would fill the memory of whoever keeps what happened. */
const MOST_OCCURRENCES = 5_000;
const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export interface Surroundings {
  /** Undefined where the cluster itself is wrong: then no name of a node can be judged. */
  readonly members: readonly MemberPlan[] | undefined;
  readonly recorded: RecordedDistributions;
  /** Whether faults of a kind would do nothing in this cell. */
  readonly idle: (kind: FaultKind) => boolean;
  readonly problems: Problems;
}

/** Whether a fault of this action is over at once. */
export function isInstantaneous(action: FaultAction): boolean {
  return INSTANTANEOUS.has(action.kind) || (action.kind === "torn-write" && action.damage === "corrupt");
}

/** When a fault is, which can be judged also where something else in it is wrong. */
export type FaultTime = Pick<FaultSettings, "id" | "atMs" | "forMs"> & { readonly instantaneous: boolean };

/** One fault. */
export class FaultReader {
  private sound = true;
  private name: string;
  /** Known after reading, unless the time itself is wrong. Of one that comes again: from its first beginning to its last end. */
  time: FaultTime | undefined;
  /** How often it comes again; undefined: it does not. */
  private every: number | undefined;
  private until = Infinity;

  constructor(
    private readonly map: LocatedMap,
    index: number,
    private readonly around: Surroundings,
  ) {
    const id = map.entries.get("id")?.node;
    this.name =
      id?.kind === "scalar" && typeof id.value === "string" && ID.test(id.value)
        ? `faults.${id.value}`
        : `faults.${index}`;
    this.index = index;
  }

  private readonly index: number;

  read(): FaultSettings | undefined {
    const row = this.row();
    if (row === undefined) return undefined;
    this.checkParts(row);
    const id = this.id(row.kind);
    const at = this.checked("at") as number | undefined;
    const lasting = this.has("for") ? (this.checked("for") as number | undefined) : undefined;
    if (!row.instantaneous && (this.has("every") || this.has("until"))) this.readRepeats(at, lasting);
    const action = this.action(row);
    const known = at !== undefined && (lasting !== undefined || !this.has("for"));
    if (known && id !== undefined)
      this.time = {
        id,
        atMs: at,
        forMs: lasting,
        instantaneous: row.instantaneous || (action !== undefined && isInstantaneous(action)),
      };
    if (!this.sound || at === undefined || action === undefined) return undefined;
    if (isInstantaneous(action) && this.has("for"))
      this.wrong(["for"], "key", "for has no meaning: records at rest are damaged at once, and stay so");
    if (!this.sound) return undefined;
    return { id, atMs: at, forMs: lasting, action };
  }

  private readRepeats(at: number | undefined, lasting: number | undefined): void {
    if (!this.has("every")) {
      this.wrong(["until"], "key", "until has no meaning without every, after which it begins again");
      return;
    }
    this.every = this.checked("every") as number | undefined;
    if (this.has("until")) this.until = (this.checked("until") as number | undefined) ?? Infinity;
    if (!this.has("for")) this.wrong(["every"], "key", "every needs for: what does not end cannot begin again");
    if (this.every !== undefined && lasting !== undefined && this.every <= lasting)
      this.wrong(
        ["every"],
        "value",
        `every is ${formatDuration(this.every)}, but it lasts for ${formatDuration(lasting)}; it must have ended before it begins again`,
      );
    if (at !== undefined && this.until <= at)
      this.wrong(
        ["until"],
        "value",
        `until is ${formatDuration(this.until)}, but it begins at ${formatDuration(at)} only`,
      );
  }

  /** Every beginning before `end` of what was read, the first whatever it is; all under one id, and none before another's end. */
  occurrences(first: FaultSettings, end: number): readonly FaultSettings[] {
    const { every } = this;
    if (every === undefined) return [first];
    const before = Math.min(end, this.until);
    const count = Math.max(1, Math.ceil((before - first.atMs) / every));
    if (count > MOST_OCCURRENCES) {
      const most = `allowed: at most ${String(MOST_OCCURRENCES)} times`;
      this.wrong(["every"], "value", `every ${formatDuration(every)} makes it come ${String(count)} times; ${most}`);
      return [];
    }
    const all = Array.from({ length: count }, (_, i) => ({ ...first, atMs: first.atMs + i * every }));
    if (this.time !== undefined && first.forMs !== undefined)
      this.time = { ...this.time, forMs: (count - 1) * every + first.forMs };
    return all;
  }

  private row(): FaultKindRow | undefined {
    const node = this.map.entries.get("kind")?.node;
    if (node === undefined) {
      this.wrong([], "value", `lacks kind; known: ${[...FAULT_ROWS.keys()].join(", ")}`);
      return undefined;
    }
    const kind = node.kind === "scalar" && typeof node.value === "string" ? node.value : "";
    const row = FAULT_ROWS.get(kind);
    if (row !== undefined) return row;
    const near = nearest(kind, FAULT_ROWS.keys());
    const hint = near === undefined ? "known" : `did you mean "${near}"? Known`;
    this.wrong(
      ["kind"],
      "value",
      `kind is ${printWritten(written(node))}; ${hint}: ${[...FAULT_ROWS.keys()].join(", ")}`,
      near,
    );
    return undefined;
  }

  private id(kind: FaultKind): string {
    const node = this.map.entries.get("id")?.node;
    if (node === undefined) return `${kind}-${this.index + 1}`;
    const id = node.kind === "scalar" ? String(node.value) : "";
    if (!ID.test(id) || /^\d+$/.test(id))
      this.wrong(
        ["id"],
        "value",
        `id is ${printWritten(written(node))}; allowed: letters, digits, - and _, not digits alone`,
      );
    return id;
  }

  /** What is missing, and what does not belong to a fault of this kind. */
  private checkParts(row: FaultKindRow): void {
    const { needs, may } = faultParts(row);
    const known = ["id", "kind", "at", ...needs.flatMap((name) => name.split(" or ")), ...may];
    for (const [key, entry] of this.map.entries) {
      if (known.includes(key)) continue;
      const at = entry.keyAt;
      const elsewhere = PARAMETERS.has(key);
      if (key === "for") this.tell(at, `.for has no meaning: a fault of kind ${row.kind} is over at once`);
      else if (elsewhere)
        this.tell(at, `.${key} is no part of a fault of kind ${row.kind}, which has ${known.join(", ")}`);
      else {
        const near = nearest(key, known);
        const hint = near === undefined ? `it has ${known.join(", ")}` : `did you mean "${near}"?`;
        this.tell(at, `unknown key "${key}" in a fault of kind ${row.kind}; ${hint}`, near);
      }
    }
    if (!this.has("at")) this.wrong([], "value", "lacks at, when it begins, such as at: 20s");
    for (const part of needs) {
      const names = part.split(" or ");
      if (names.every((name) => !this.has(name)))
        this.wrong([], "value", `lacks ${part}, which a fault of kind ${row.kind} needs`);
      if (names.length > 1 && names.every((name) => this.has(name)))
        this.wrong([names[1]], "key", `${names[0]} and ${names[1]} stand beside each other; keep one of them`);
    }
  }

  private action(row: FaultKindRow): FaultAction | undefined {
    const parts: Record<string, unknown> = { kind: row.kind };
    if (row.subject === "nodes") {
      const name = this.has("node") ? "node" : "nodes";
      parts.nodes = this.has(name) ? this.targets([name]) : [];
    } else if (row.subject === "links") parts.links = this.links();
    else parts.groups = this.groups();
    for (const { name, default: fallback } of row.takes) {
      if (!this.has(name)) {
        if (fallback !== undefined) parts[FIELD[name] ?? name] = fallback;
        continue;
      }
      if (name === "clients") parts.clients = this.clients((parts.groups as readonly unknown[]).length);
      else if (name === "offset") parts.offsetMs = this.offset();
      else if (name === "via" || name === "with") parts[name] = this.oneNode(name);
      else parts[FIELD[name] ?? name] = this.checked(name);
    }
    if (parts.share === 0)
      this.wrong(["share"], "value", "share is 0, so nothing would happen; allowed: a share above 0 and at most 1");
    if (row.kind === "delay" && this.has("extra") && this.sound && parts.extra === undefined)
      this.wrong(["extra"], "value", "extra is none, so nothing would happen; write a distribution, such as 50ms");
    // Every field was made by its own reader above, and those that are missing have been told.
    return this.sound ? (parts as unknown as FaultAction) : undefined;
  }

  /** The checked value of a plain parameter; undefined after telling what is wrong with it, or when it is not there. */
  private checked(name: string): unknown {
    const node = this.map.entries.get(name)?.node;
    const kind = PARAMETERS.get(name)?.kind;
    if (node === undefined || kind === undefined) return undefined;
    const value = kind.kind === "structure" ? this.around.recorded.resolve(node, this.around.problems) : written(node);
    if (value === undefined) {
      this.sound = false;
      return undefined;
    }
    const checked: Checked = checkValue(kind as ValueKind, value);
    if (checked.ok) return checked.value;
    for (const fault of checked.faults)
      this.wrong(
        [name, ...fault.path],
        fault.about,
        `${[name, ...fault.path].join(".")} ${fault.message}`,
        fault.suggestion,
      );
    return undefined;
  }

  /** One node, and not a zone. */
  private oneNode(name: string): FaultTarget | undefined {
    const named = this.targets([name]);
    const { members } = this.around;
    const found = members === undefined ? named : resolveTargets(named, members).nodes.map((i) => members[i].id);
    if (found.length === 1) return found[0];
    if (named.length > 0) this.wrong([name], "value", `${name} names ${String(found.length)} nodes; allowed: one`);
    return undefined;
  }

  /** Node ids and `zone:` names, as the engine knows them. */
  private targets(path: readonly (string | number)[]): readonly FaultTarget[] {
    const node = nodeAt(this.map, path);
    if (node === undefined) return [];
    if (node.kind === "map" || (node.kind === "list" && node.items.length === 0)) {
      this.wrong(
        path,
        "value",
        `${path.join(".")} is ${printWritten(written(node))}; allowed: ${PARAMETERS.get("node")?.text}, or a list of such`,
      );
      return [];
    }
    const items: readonly (readonly [Located, readonly (string | number)[]])[] =
      node.kind === "list" ? node.items.map((item, i) => [item, [...path, i]]) : [[node, path]];
    return items.flatMap(([item, itemPath]) => this.target(item, itemPath) ?? []);
  }

  private target(node: Located, path: readonly (string | number)[]): FaultTarget | undefined {
    const { members } = this.around;
    const typed = node.kind === "scalar" && typeof node.value === "string" ? node.value : "";
    if (members === undefined) return typed;
    const aliases = aliasesOf(members);
    const zones = [...new Set(members.map(({ zone }) => `zone:${zone}`))];
    if (typed === "all" || zones.includes(typed) || members.some(({ id }) => id === typed)) return typed;
    const alias = aliases.get(typed);
    if (alias !== undefined) return alias;
    const known = ["all", ...zones, ...members.map(({ id }) => id), ...aliases.keys()];
    const near = zones.includes(`zone:${typed}`) ? `zone:${typed}` : nearest(typed, known);
    const nodes = `the nodes are node-1 to node-${members.length}`;
    const hint =
      near === undefined
        ? `${nodes}, and there are ${zones.join(", ")} and all`
        : `did you mean "${near}"? Here ${nodes}`;
    this.wrong(
      path,
      "value",
      `${path.join(".")} is ${printWritten(written(node))}, which names no node; ${hint}`,
      near,
    );
    return undefined;
  }

  private links(): FaultLinks | undefined {
    const node = this.map.entries.get("links")?.node;
    if (node === undefined) return undefined;
    if (node.kind === "scalar" && node.value === "all") return { from: ["all"], to: ["all"], bothWays: false };
    if (node.kind !== "map") {
      this.wrong(["links"], "value", `links is ${printWritten(written(node))}; allowed: {from, to, both_ways}, or all`);
      return undefined;
    }
    for (const [key, entry] of node.entries) {
      if (["from", "to", "both_ways"].includes(key)) continue;
      const near = nearest(key, ["from", "to", "both_ways"]);
      this.tell(
        entry.keyAt,
        `unknown key "${key}" in links; ${near === undefined ? "it has from, to, both_ways" : `did you mean "${near}"?`}`,
        near,
      );
    }
    for (const name of ["from", "to"]) {
      if (!node.entries.has(name)) this.wrong(["links"], "value", `links lacks ${name}; write all for every node`);
    }
    const both = node.entries.get("both_ways")?.node;
    if (both !== undefined && !(both.kind === "scalar" && typeof both.value === "boolean"))
      this.wrong(
        ["links", "both_ways"],
        "value",
        `links.both_ways is ${printWritten(written(both))}; allowed: true or false`,
      );
    return {
      from: this.targets(["links", "from"]),
      to: this.targets(["links", "to"]),
      bothWays: both?.kind === "scalar" && both.value === true,
    };
  }

  private groups(): readonly (readonly FaultTarget[])[] {
    const node = this.map.entries.get("groups")?.node;
    if (node === undefined) return [];
    if (node.kind !== "list" || node.items.length < 2) {
      this.wrong(
        ["groups"],
        "value",
        `groups is ${printWritten(written(node))}; allowed: two lists of nodes or more, such as [["zone:a"], ["zone:b", "zone:c"]]`,
      );
      return [];
    }
    return node.items.map((_, i) => this.targets(["groups", i]));
  }

  private clients(groups: number): ClientSide | undefined {
    const node = this.map.entries.get("clients")?.node;
    if (node?.kind === "scalar" && (node.value === "all" || node.value === "follow-nearest")) return node.value;
    const inner = node?.kind === "map" && node.entries.size === 1 ? node.entries.get("group")?.node : undefined;
    const group = inner?.kind === "scalar" && typeof inner.value === "number" ? inner.value : undefined;
    if (group !== undefined && Number.isInteger(group) && group >= 0 && (group < groups || groups === 0))
      return { group };
    const found = node === undefined ? "empty" : printWritten(written(node));
    const near =
      node?.kind === "scalar" && typeof node.value === "string"
        ? nearest(node.value, ["all", "follow-nearest"])
        : undefined;
    this.wrong(
      ["clients"],
      "value",
      `clients is ${found}; ${near === undefined ? "allowed" : `did you mean "${near}"? Allowed`}: all, follow-nearest, or {group: <${groups === 0 ? "number from 0" : `0 to ${groups - 1}`}>}`,
      near,
    );
    return undefined;
  }

  /** Milliseconds, negative too. */
  private offset(): number | undefined {
    const node = this.map.entries.get("offset")?.node;
    const text = node?.kind === "scalar" && typeof node.value === "string" ? node.value.trim() : "";
    const negative = text.startsWith("-");
    const ms = parseDurationMs(negative || text.startsWith("+") ? text.slice(1) : text);
    if (ms !== undefined && ms > 0 && ms <= 864_000_000) return negative ? -ms : ms;
    const found = node === undefined ? "empty" : printWritten(written(node));
    this.wrong(
      ["offset"],
      "value",
      `offset is ${found}; allowed: a duration other than 0 with its unit, such as 250ms or -2s`,
    );
    return undefined;
  }

  private has(name: string): boolean {
    return this.map.entries.has(name);
  }

  private wrong(
    path: readonly (string | number)[],
    about: "key" | "value",
    message: string,
    suggestion?: string,
  ): void {
    this.tell(
      path.length === 0 ? this.map.at : placeOf(this.map, path, about),
      path.length === 0 ? message : `.${message}`,
      suggestion,
    );
  }

  private tell(at: LocatedMap["at"], message: string, suggestion?: string): void {
    this.sound = false;
    const whole = message.startsWith(".") ? `${this.name}${message}` : `${this.name} ${message}`;
    this.around.problems.error(at, message.startsWith("unknown key") ? message : whole, suggestion);
  }
}

/** Names in the settings where they differ. */
const FIELD: Readonly<Record<string, string>> = { oneway: "oneWay", rate: "ratePerSecond" };

/** `b1`: the first node of zone b. A node's own id wins over an alias. */
function aliasesOf(members: readonly MemberPlan[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  const aliases = new Map<string, string>();
  for (const { id, zone } of members) {
    const count = (counts.get(zone) ?? 0) + 1;
    counts.set(zone, count);
    aliases.set(`${zone}${count}`, id);
  }
  return aliases;
}
