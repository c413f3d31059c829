/**
 * What the oracle of causality costs: a million operations through the measure alone, on one core. Two loads, because they strain
 * different parts: (a) 64 clients over a hundred thousand keys of zipfian popularity under an exact clock, where memory is the
 * question; (b) one key under a clock that never lets a sibling go, so that every read returns a hundred versions and every write
 * has read as many. The generator is not timed; seconds are the processor's, since others may be using the machine.
 *
 *     node --expose-gc -r ts-node/register test/bench/causality.ts
 */
import { Random } from "../../engine/vocabulary/random";
import { CausalityMeasure } from "../../results/measures/causality";
import { IntervalGrid } from "../../results/measures/interval-grid";
import type { OperationRecord, WriteId } from "../../results/record/history";

const OPERATIONS = 1_000_000;
const CLIENTS = 64;
const BATCH = 10_000;
const TARGET_SECONDS = 60;

interface Version {
  readonly id: WriteId;
}

interface Client {
  readonly session: number;
  writes: number;
  readonly contexts: Map<number, readonly Version[]>;
  key: number;
  isWrite: boolean;
  start: number;
  /** When the store acts, and when the client hears of it. */
  acts: number;
  end: number;
  acted: boolean;
  seen: readonly Version[];
  found: readonly Version[];
  id: WriteId;
}

interface Load {
  readonly name: string;
  readonly keys: number;
  readonly zipf: number;
  /** The state after a write that carries a context: exactly what the clock makes of it. */
  readonly write: (stored: readonly Version[], context: readonly Version[], made: Version) => readonly Version[];
}

const LOADS: readonly Load[] = [
  {
    name: "zipfian keys, exact clock",
    keys: 100_000,
    zipf: 0.99,
    write: (stored, context, made) => [...stored.filter((one) => !context.includes(one)), made],
  },
  {
    name: "one key, 100 siblings",
    keys: 1,
    zipf: 0,
    write: (stored, _context, made) => [...(stored.length >= 100 ? stored.slice(1) : stored), made],
  },
];

/** Operations in order of completion. */
function* operations({ keys, zipf, write }: Load): Generator<OperationRecord> {
  const random = Random.fromSeed("causality");
  const popularity = new Float64Array(keys);
  for (let i = 0, sum = 0; i < keys; i++) popularity[i] = sum += 1 / (i + 1) ** zipf;
  const names = Array.from({ length: keys }, (_, i) => `user${String(i).padStart(10, "0")}`);
  const stored: (readonly Version[] | undefined)[] = [];
  const drawKey = (): number => {
    const at = random.nextFloat() * popularity[keys - 1];
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (popularity[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const begin = (client: Client, now: number): void => {
    client.key = drawKey();
    client.isWrite = random.nextBelow(2) === 0;
    client.start = now;
    client.acts = now + 100 + random.nextBelow(2_000);
    client.end = client.acts + 100 + random.nextBelow(2_000);
    client.acted = false;
    client.seen = client.contexts.get(client.key) ?? [];
    client.id = client.isWrite ? client.session * 2 ** 32 + ++client.writes : 0;
  };
  const clients = Array.from({ length: CLIENTS }, (_, session): Client => {
    const nothing = { key: 0, isWrite: false, start: 0, acts: 0, end: 0, acted: false, seen: [], found: [], id: 0 };
    const client = { session, writes: 0, contexts: new Map<number, readonly Version[]>(), ...nothing };
    begin(client, random.nextBelow(1_000));
    return client;
  });
  for (let id = 1; id <= OPERATIONS;) {
    let client = clients[0];
    let at = Infinity;
    for (const one of clients) {
      const next = one.acted ? one.end : one.acts;
      if (next < at) [client, at] = [one, next];
    }
    const { key, isWrite, session, start, end, seen } = client;
    if (!client.acted) {
      client.acted = true;
      if (isWrite) stored[key] = write(stored[key] ?? [], seen, { id: client.id });
      client.found = stored[key] ?? [];
      continue;
    }
    client.contexts.set(key, client.found);
    yield {
      id: id++,
      phase: "measure",
      kind: isWrite ? "update" : "read",
      key: names[key],
      session,
      intended: start,
      start,
      end,
      outcome: "ok",
      writeId: client.id,
      versions: isWrite ? [] : client.found.map((one) => one.id),
      values: isWrite ? 0 : client.found.length,
      seen: isWrite ? seen.map((one) => one.id) : [],
      contextInBytes: 0,
      contextOutBytes: 0,
      coordinator: 0,
    };
    begin(client, end);
  }
}

console.log(`${String(OPERATIONS)} operations of ${String(CLIENTS)} clients, half of them writes\n`);
console.log("load                        seconds   operations/s   heap growth   false conflicts   undecided");
for (const load of LOADS) {
  const grid = new IntervalGrid(1_000);
  grid.begin({ startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: 1e12 });
  const measure = new CausalityMeasure({ grid });
  const source = operations(load);
  let seconds = 0;
  const timed = (work: () => void): void => {
    const began = process.cpuUsage();
    work();
    seconds += process.cpuUsage(began).user / 1e6;
  };
  global.gc?.();
  const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  for (let fed = 0; fed < OPERATIONS; fed += BATCH) {
    const batch: OperationRecord[] = [];
    for (let i = 0; i < BATCH; i++) batch.push(source.next().value as OperationRecord);
    timed(() => {
      for (const operation of batch) measure.operation(operation);
    });
  }
  global.gc?.();
  const heap = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers - before;
  let found = measure.finish.bind(measure);
  timed(() => {
    const findings = measure.finish();
    found = () => findings;
  });
  const { metrics, figures } = found();
  const undecided = figures!.causality!.anomalies.reduce((sum, one) => sum + one.undecided, 0);
  console.log(
    [
      load.name.padEnd(25),
      seconds.toFixed(1).padStart(8),
      Math.round(OPERATIONS / seconds)
        .toLocaleString("en")
        .padStart(14),
      `${(heap / 1e6).toFixed(0)} MB`.padStart(13),
      String(metrics!["false_conflicts"].value).padStart(17),
      String(undecided).padStart(11),
    ].join(" "),
  );
  if (seconds > TARGET_SECONDS) process.exitCode = 1;
}
