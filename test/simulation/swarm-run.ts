/**
 * One seed, carried out: sessions ask while faults come and go; then everything is healed, all that was asked must have
 * ended, and every key must work again on all its replicas. What was promised and not kept comes back as violations with
 * evidence; the digest says whether a second run was the same run.
 */
import { type Clock, clockFor, type Version } from "../../engine/clocks/clock";
import type { AnswerMessage, RequestOptions, ScanAnswer } from "../../engine/messages";
import { Node, type NodeOptions } from "../../engine/node";
import type { SimulatedClient } from "../../engine/sim/client";
import { SimulatedCluster } from "../../engine/sim/cluster";
import { scheduleFaults } from "../../engine/sim/faults";
import type { NodeFactory } from "../../engine/sim/machine";
import { type Address, encodeAddress } from "../../engine/vocabulary/address";
import { type Distribution, distributionOf } from "../../engine/vocabulary/distributions";
import { type FaultAction, resolveTargets, targetsOf } from "../../engine/vocabulary/faults";
import { fromMs, type Micros } from "../../engine/vocabulary/micros";
import { Random } from "../../engine/vocabulary/random";
import type { StorageSettings } from "../../engine/vocabulary/settings";
import { ComingAndGoing } from "./coming-and-going";
import { Census, CountingWatcher } from "./census";
import type { BucketDraw, SetDraw } from "./draw-buckets";
import { PATIENCE } from "../../engine/buckets/spreading";
import { textOfEntries } from "../../engine/buckets/remembered";
import { type ContextHabit, Draws, drawScenario, type Scenario, SMALL_QUEUE } from "./draw";
import { Judge } from "./judge";
import { Ledger, Overseen, type Violation } from "./ledger";
import { behind, type OpenBug } from "./open-bugs";
import type { Ring } from "../../engine/ring/ring";
import { Truth } from "./truth";

/** Between the engine's node and whoever watches it: a bug planted by a test. */
export type Plant = (create: NodeFactory) => NodeFactory;

export interface SwarmRun {
  readonly seed: number;
  readonly digest: string;
  readonly events: number;
  readonly checkpoints: readonly number[];
  /** Promises not kept. */
  readonly violations: readonly Violation[];
  /** Those that an open bug may be behind. */
  readonly known: readonly { readonly bug: OpenBug; readonly violation: Violation }[];
  readonly census: Census;
  readonly operations: number;
  /** Keys of which primaries held different copies when nothing happened any more. */
  readonly divergent: number;
}

/** Violations kept of one run: the first is the one to look at. */
const MOST_VIOLATIONS = 20;
const CLIENT_GRACE_MS = 200;
/** A run that needs more has a loop in it. */
const MOST_EVENTS = 3_000_000;

export function runSeed(seed: number, plant?: Plant): SwarmRun {
  return new Course(drawScenario(seed), plant).run();
}

/** Set up otherwise, with what the scenario says remembered of its bucket. */
function disguised(options: NodeOptions, { ofCluster, said }: BucketDraw): NodeOptions {
  const entry = { type: NAMES.type, bucket: NAMES.bucket, said, version: 1, node: 0 };
  const rememberedBuckets = options.rememberedBuckets ?? textOfEntries([entry]);
  return { ...options, settings: { ...options.settings, ...ofCluster }, rememberedBuckets };
}

/** What a session knows of a key: the context to send, and the writes that came with it. */
interface Knowledge {
  readonly context: string;
  readonly seen: readonly number[];
}

const NOTHING: Knowledge = { context: "", seen: [] };

export class Course {
  private readonly violations: Violation[] = [];
  private readonly known: { readonly bug: OpenBug; readonly violation: Violation }[] = [];
  private readonly census = new Census();
  private readonly truth = new Truth();
  private readonly ledger: Ledger;
  private readonly judge: Judge;
  private readonly cluster: SimulatedCluster;
  private readonly client: SimulatedClient;
  private readonly addresses: readonly Address[];
  /** By key that all replicas were given a new value of at the end: the write that did. */
  private readonly rewritten = new Map<Address, number>();
  /** Writes of peace that were not acknowledged: their events may still be on their way, and then stand beside what is written next. */
  private readonly late = new Set<number>();
  private readonly clock: Clock;
  private readonly members: ComingAndGoing;
  private divergent = 0;
  private begun = 0;
  private ended = 0;

  constructor(
    private readonly scenario: Scenario,
    plant: Plant | undefined,
  ) {
    const { cluster, workload } = scenario;
    this.clock = clockFor(cluster.engine);
    const broken = (invariant: string, evidence: string): void => this.broken(invariant, evidence);
    const now = (): Micros => this.cluster?.now() ?? 0;
    const count = (what: string): void => this.census.add("checks", what);
    const { clock, truth } = this;
    const peek = (at: number, vnode: number, address: Address): unknown =>
      this.cluster.machines[at].peek(vnode, address);
    const ring = (): Ring => this.members.ring;
    const ringOf = (at: number): Ring => this.members.ringOf(at);
    this.ledger = new Ledger({ clock, cluster, truth, ring, ringOf, now, broken, count, peek });
    const { buckets } = scenario;
    const node: NodeFactory = (options, at) =>
      new Node(buckets === undefined ? options : disguised(options, buckets), at);
    const create = plant?.(node) ?? node;
    this.cluster = new SimulatedCluster({
      cluster,
      create: (options, at) => new Overseen(create(options, at), options, this.ledger),
      watcher: new CountingWatcher(
        this.census,
        (index, state) => {
          if (state === "down") this.ledger.died(index, survivesCrashes(cluster.storage));
        },
        (id) => this.faultBegins(id),
        (at) => this.members.changed(at),
      ),
    });
    this.members = new ComingAndGoing(this.cluster, scenario, this.ledger, broken, count);
    for (const { action } of scenario.faults) {
      if (action.kind === "torn-write") for (const node of this.nodesOf(action)) this.ledger.damage(node);
    }
    this.client = this.cluster.client({ routing: workload.routing, graceMs: CLIENT_GRACE_MS });
    this.judge = new Judge({
      clock: this.clock,
      engine: cluster.engine,
      ring,
      fewest: () => this.members.fewest,
      mayReturn: (at) => !this.cluster.machines[at].up && !survivesCrashes(cluster.storage),
      truth: this.truth,
      ledger: this.ledger,
      broken,
      peek,
      count,
    });
    this.addresses = Array.from({ length: workload.keys }, (_, i) => encodeAddress({ ...NAMES, key: `k${String(i)}` }));
    for (const trait of scenario.traits) this.census.add("settings", trait);
  }

  run(): SwarmRun {
    const { scenario, cluster } = this;
    scheduleFaults(cluster, scenario.faults, 0);
    this.members.schedule();
    for (const set of scenario.buckets?.sets ?? []) cluster.at(fromMs(set.atMs), () => this.setProperties(set));
    scenario.workload.sessions.forEach((habit, number) => this.session(number, habit));
    this.advance(fromMs(scenario.endMs));
    this.heal();
    this.members.settle((ms) => this.advance(this.cluster.now() + fromMs(ms)));
    this.comeTogether();
    if (scenario.buckets !== undefined) this.checkThatBooksAgree();
    this.judge.atRest();
    this.inspectAll();
    this.checkThatKeysWork();
    this.checkThatScansWork();
    this.census.world(cluster);
    return {
      seed: scenario.seed,
      digest: cluster.digest.hex(),
      events: cluster.digest.events,
      checkpoints: cluster.digest.checkpoints,
      violations: this.violations,
      known: this.known,
      census: this.census,
      operations: this.ended,
      divergent: this.divergent,
    };
  }

  /** A fault begins: those that empty disks do so at once. */
  private faultBegins(id: string): void {
    const action = this.scenario.faults.find((fault) => fault.id === id)?.action;
    if (action?.kind === "wipe" || (action?.kind === "kill" && action.disk === "wipe")) {
      for (const node of this.nodesOf(action)) this.ledger.died(node, false);
    }
  }

  private nodesOf(action: FaultAction): readonly number[] {
    const { members } = this.scenario.cluster;
    const targets = targetsOf(action);
    // Faults know nothing of spares that operators start: only who is named is hit.
    return resolveTargets(targets, members).nodes.filter(
      (node) => members[node].joins !== true || targets.includes(members[node].id),
    );
  }

  private broken(invariant: string, evidence: string): void {
    const violation = { invariant, at: this.cluster?.now() ?? 0, evidence };
    const bug = behind(this.scenario, violation);
    if (bug !== undefined) this.census.add("open bugs", bug.name);
    if (bug === undefined && this.violations.length < MOST_VIOLATIONS) this.violations.push(violation);
    if (bug !== undefined && this.known.length < MOST_VIOLATIONS) this.known.push({ bug, violation });
  }

  private advance(until: Micros): void {
    const end = this.cluster.run(until, MOST_EVENTS);
    if (end === "events")
      throw new Error(`seed ${String(this.scenario.seed)}: more than ${String(MOST_EVENTS)} events`);
    if (end === "quiet" && this.cluster.now() < until) this.cluster.at(until, () => undefined);
    if (end === "quiet") this.cluster.run(until);
  }

  // ---- sessions ------------------------------------------------------------------------------------------------

  private session(number: number, habit: ContextHabit): void {
    const { workload, seed, endMs } = this.scenario;
    const draws = new Draws(Random.fromSeed(seed).fork(`session/${String(number)}`));
    const think: Distribution = distributionOf(workload.think);
    const known = new Map<Address, Knowledge>();
    const next = (): void => {
      const at = this.cluster.now() + think.sample(draws.random);
      if (at < fromMs(endMs)) this.cluster.at(at, act);
    };
    const act = (): void => {
      const address = draws.pick(this.addresses);
      const kind = draws.random.nextFloat();
      const options = workload.ownQuorums && draws.chance(0.5) ? this.ownQuorums(draws) : undefined;
      const learn = (knowledge: Knowledge): void => {
        if (habit !== "none") known.set(address, knowledge);
      };
      if (kind < workload.gets) {
        this.get(number, address, options, (_answer, knowledge) => {
          if (knowledge !== undefined) learn(knowledge);
          next();
        });
        return;
      }
      const tombstone = kind < workload.gets + workload.deletes;
      const write = (): void =>
        this.put(number, address, options, tombstone, known.get(address) ?? NOTHING, (_answer, knowledge) => {
          if (knowledge !== undefined) learn(knowledge);
          next();
        });
      if (habit !== "read-first") return write();
      this.get(number, address, options, (_answer, knowledge) => {
        if (knowledge !== undefined) learn(knowledge);
        write();
      });
    };
    next();
  }

  private ownQuorums(draws: Draws): RequestOptions {
    const n = this.scenario.cluster.engine.nVal;
    const value = (): number => draws.integer(0, n);
    return {
      ...(draws.chance(0.5) ? { r: value(), w: value() } : {}),
      ...(draws.chance(0.3) ? { pr: value(), pw: value() } : {}),
      ...(draws.chance(0.3) ? { dw: value() } : {}),
      ...(draws.chance(0.3) ? { notfoundOk: draws.chance(0.5), basicQuorum: draws.chance(0.5) } : {}),
      ...(draws.chance(0.3) ? { timeoutMs: draws.integer(20, 300) } : {}),
      ...(this.scenario.workload.asFrontEnds === true ? this.askedByFrontEnds(draws, n) : {}),
    };
  }

  private askedByFrontEnds(draws: Draws, n: number): RequestOptions {
    return {
      ...(draws.chance(0.3) ? { nodeConfirms: draws.integer(0, n) } : {}),
      ...(draws.chance(0.3) ? { sloppy: draws.chance(0.2) } : {}),
      ...(draws.chance(0.3) ? { nVal: draws.integer(1, n) } : {}),
      ...(draws.chance(0.4) ? { returnBody: draws.chance(0.8) } : {}),
      ...(draws.chance(0.6) ? { explain: draws.chance(0.8) } : {}),
    };
  }

  /** Nothing that the cluster asks for by itself, and that a ring where hosts repeat may never have. */
  private get easily(): RequestOptions {
    return this.scenario.cluster.engine.nodeConfirms === undefined ? {} : { nodeConfirms: 0 };
  }

  private get(
    session: number,
    address: Address,
    options: RequestOptions | undefined,
    done: (answer: AnswerMessage, knowledge: Knowledge | undefined) => void,
  ): void {
    const read = { session, address, options, startedAt: this.cluster.now() };
    const once = this.once(`a get of s${String(session)}`);
    this.client.get(session, address, options, (answer) => {
      once();
      this.census.add("gets", answer.outcome);
      this.census.read(answer.versions.length);
      this.judge.readEnded(read, answer, this.cluster.now());
      done(answer, learnt(answer));
    });
  }

  private put(
    session: number,
    address: Address,
    options: RequestOptions | undefined,
    tombstone: boolean,
    knowledge: Knowledge,
    done: (answer: AnswerMessage, knowledge: Knowledge | undefined) => void,
  ): void {
    const writeId = this.truth.nextId;
    const value = tombstone ? "" : `w${String(writeId)}:${"v".repeat(this.scenario.workload.valueBytes)}`;
    const plain: Version = { writeId, value, tombstone };
    const isDescribed = this.scenario.workload.asFrontEnds === true && writeId % 3 === 0;
    const version = isDescribed ? { ...plain, meta: `m${String(writeId)}` } : plain;
    const startedAt = this.cluster.now();
    const write = this.truth.began({ version, address, session, options, startedAt }, knowledge.seen);
    const once = this.once(`put w${String(writeId)}`);
    this.client.put(session, address, knowledge.context, version, options, (answer) => {
      once();
      this.census.add("puts", answer.outcome);
      write.outcome = answer.outcome;
      write.endedAt = this.cluster.now();
      this.judge.writeEnded(write, answer);
      done(answer, learnt(answer));
    });
  }

  /** Counts an operation begun; what it returns counts it ended, and objects to a second time. */
  private once(what: string): () => void {
    this.begun++;
    let ended = false;
    return () => {
      if (ended) this.broken("one answer to each request", `${what} was answered twice`);
      ended = true;
      this.ended++;
    };
  }

  // ---- properties of buckets -----------------------------------------------------------------------------------

  private setProperties({ bucket, change }: SetDraw): void {
    const once = this.once(`a set of ${bucket}`);
    this.client.bucket(0, "any", { verb: "set", type: NAMES.type, bucket, change }, ({ outcome }) => {
      once();
      this.census.add("sets of properties", outcome);
    });
  }

  /** All members come to say the same of every bucket that something was said of. */
  private checkThatBooksAgree(): void {
    const { cluster } = this;
    const members = (): readonly number[] =>
      cluster.machines.flatMap(({ up, node }, index) =>
        up && node?.serving !== false && !this.ledger.isRemoved(index) ? [index] : [],
      );
    const asked = new Set([NAMES.bucket, ...this.scenario.buckets!.sets.map(({ bucket }) => bucket)]);
    let said: readonly string[] = [];
    const agree = (): boolean => {
      const told = new Map<number, string>();
      for (const bucket of asked) {
        for (const node of members()) {
          const request = { verb: "get", type: NAMES.type, bucket, change: undefined } as const;
          this.client.bucket(0, node, request, ({ outcome, properties }) => {
            told.set(node, `${told.get(node) ?? ""} ${bucket}: ${outcome} ${JSON.stringify(properties)}`);
          });
          this.advance(cluster.now() + fromMs(CLIENT_GRACE_MS));
        }
      }
      said = [...told.values()];
      return said.every((one) => one === said[0]);
    };
    const until = cluster.now() + fromMs(BOOKS_PATIENCE_MS);
    let agreed = agree();
    while (!agreed && cluster.now() < until) {
      this.rest();
      agreed = agree();
    }
    this.census.add("checks", "rest: all know what is said of buckets");
    if (!agreed) this.broken("all know what is said of buckets", said.join(" | "));
  }

  // ---- after the faults ----------------------------------------------------------------------------------------

  /** Faults have ended by now: everything may calm down. */
  private heal(): void {
    const { cluster, scenario } = this;
    const { engine } = scenario.cluster;
    cluster.machines.forEach(({ up }, index) => {
      if (!up && !this.members.mayBeDown(index)) this.broken("faults end", `node-${String(index + 1)} is still down`);
    });
    // Twice: what waited in a paused process is worked off first, and what follows from it has its own deadlines.
    const longest = Math.max(engine.readTimeoutMs, engine.writeTimeoutMs, engine.detector.timeoutMs, 300);
    this.advance(cluster.now() + 2 * fromMs(longest + CLIENT_GRACE_MS) + fromMs(500));
    // A client that sets a property waits for peers that are away, and its deadline is for that.
    if (scenario.buckets !== undefined) this.advance(cluster.now() + PATIENCE);
    // Slow disks may have a backlog of minutes; new writes would stand behind it.
    for (let i = 0; i < 600 && this.ledger.storesUnderWay() > 0; i++) this.advance(cluster.now() + fromMs(500));
    if (this.ledger.storesUnderWay() > 0) this.broken("disks come to rest", String(this.ledger.storesUnderWay()));
    if (this.begun !== this.ended || this.client.outstanding() > 0) {
      this.broken("all operations end", `${String(this.begun - this.ended)} of ${String(this.begun)} have not`);
    }
    if (this.ledger.outstanding() > 0) {
      this.broken("all operations end", `nodes still owe ${String(this.ledger.outstanding())} answers`);
    }
  }

  /** Hints go home, and where anti-entropy is on, all primaries of a key come to hold the same. Nobody writes any more. */
  private comeTogether(): void {
    const { standIn, hint, aae } = this.scenario.cluster.engine;
    const { cluster, judge } = this;
    if (this.scenario.cluster.engine.membership !== undefined) {
      const until = cluster.now() + fromMs(this.leftOverPatience());
      while (judge.leftOver().length > 0 && cluster.now() < until) this.rest();
      for (const what of judge.leftOver()) this.broken("what is left over goes to its owners", what);
      this.census.add("checks", "rest: nothing is left over");
    }
    if (standIn !== undefined) {
      const from = cluster.now();
      // Rests double up to five seconds between tries of a home; the network itself may lose some of them.
      const patience = HANDOFF_PATIENCE_MS * (hint?.rateBytesPerSecond === undefined ? 1 : 4);
      while (judge.hintsLeft().length > 0 && cluster.now() < from + fromMs(patience)) this.rest();
      for (const what of judge.hintsLeft()) this.broken("hints go home", what);
      this.census.add("checks", "rest: hints are home");
    }
    const from = cluster.now();
    // Each message of a comparison that a full queue drops costs the time that its sender waits for it.
    const drops = (this.scenario.cluster.nodeModel?.queueLimit ?? Infinity) <= SMALL_QUEUE ? 4 : 1;
    const patience =
      aae === undefined
        ? 0
        : (this.scenario.buckets === undefined ? 1 : 5) *
          drops *
          fromMs(AAE_PATIENCE_MS + ROUNDS * this.longestRound() * aae.intervalMs);
    const apart = (): readonly Address[] => this.addresses.filter((address) => judge.agrees(address) === false);
    while (apart().length > 0 && cluster.now() < from + patience) this.rest();
    const divergent = apart();
    this.divergent = divergent.length;
    if (aae === undefined) {
      this.census.add("checks", `rest: ${divergent.length > 0 ? "keys differ" : "no key differs"}, nothing compares`);
      return;
    }
    this.census.add("checks", "rest: all primaries agree");
    for (const address of divergent) this.broken("anti-entropy brings copies together", judge.describe(address));
  }

  /** Copies of two thousand bytes with siblings, to all owners of a key, take their time at a thousand bytes a second. */
  private leftOverPatience(): number {
    const rate = this.scenario.cluster.engine.membership?.transferRateBytesPerSecond;
    return LEFT_OVER_PATIENCE_MS * (rate === undefined ? 1 : 10);
  }

  /** Pairs of a tree and a peer that one node goes through in turn. */
  private longestRound(): number {
    const { settings } = this.cluster;
    const { ring } = this.members;
    const counts = settings.members.map(() => 0);
    for (const { replicas } of ring.groups(settings.engine.nVal)) {
      for (const { node } of replicas) counts[node] += replicas.filter((other) => other.node !== node).length;
    }
    return Math.max(...counts);
  }

  private rest(): void {
    this.advance(this.cluster.now() + fromMs(500));
    for (let i = 0; i < 100 && this.ledger.storesUnderWay() > 0; i++) this.advance(this.cluster.now() + fromMs(100));
  }

  private inspectAll(): void {
    for (const address of this.addresses) {
      for (const copy of this.judge.placesOf(address)) {
        if (this.ledger.isDamaged(copy.node)) continue;
        let answered = false;
        // A pause of its own is no excuse for ever.
        for (let attempt = 0; attempt < MOST_ATTEMPTS && !answered; attempt++) {
          this.cluster.inspect(copy.node, [copy.vnode], [address], (inspected) => {
            if (inspected === undefined) return;
            answered = true;
            const one = inspected.held[0];
            if (one === "failed") this.broken("sound disks can be read", `node-${String(copy.node + 1)}`);
            else this.judge.inspected(copy, one);
          });
          if (!answered) this.advance(this.cluster.now() + fromMs(500));
        }
        if (!answered) this.broken("healed nodes answer", `node-${String(copy.node + 1)} says nothing`);
      }
    }
  }

  /** Reads a key from all replicas and writes over what it read, to all; then any one replica gives that and nothing else. */
  private checkThatKeysWork(): void {
    for (const address of this.addresses) {
      if (this.judge.placesOf(address).length < this.scenario.cluster.engine.nVal) {
        this.census.add("checks", "healed: fewer members than copies, excused");
        continue;
      }
      if (this.judge.placesOf(address).some(({ node }) => this.ledger.isDamaged(node))) {
        // A record that cannot be read stays so until somebody rebuilds it: neither reads nor writes do.
        this.census.add("checks", "healed: a damaged copy, excused");
        continue;
      }
      let works = false;
      let last = "";
      let attempt = 0;
      for (; attempt < MOST_ATTEMPTS * (this.isHasty ? HASTY : 1) && !works; attempt++) {
        this.get(0, address, { r: "all", pr: 0, notfoundOk: true, ...this.easily }, (read, knowledge) => {
          last = read.outcome;
          if (knowledge === undefined) return;
          // Where live nodes are suspected in peace too, stand-ins must not count, or one replica lacks what all acknowledged.
          const all: RequestOptions = { w: "all", dw: "all", pw: this.isHasty ? "all" : 0, ...this.easily };
          this.put(0, address, all, false, knowledge, (put) => {
            last = put.outcome;
            works = put.outcome === "ok";
            if (!works) this.late.add(written);
          });
          const written = this.truth.nextId - 1;
        });
        this.settle();
        // Not in step with the detector: whoever always asks at the same moment of its period always meets the same suspicion.
        if (this.isHasty && !works) this.advance(this.cluster.now() + fromMs(attempt % PHASES));
      }
      if (!works) {
        this.broken("healed keys can be written", `${JSON.stringify(address)}: ${last} to the last`);
        continue;
      }
      this.census.add("checks", `healed: key works again${attempt > MOST_ATTEMPTS ? ", once nobody was suspected by haste" : ""}`); // prettier-ignore
      this.rewritten.set(address, this.truth.nextId - 1);
      this.checkThatOneReplicaSuffices(address, this.truth.nextId - 1);
    }
  }

  /**
   * One failed probe is enough for SWIM without suspicion, or where suspects are avoided. Its paper asks for periods of at least three
   * round trips; of 50 ms they are shorter than many of the round trips drawn here, and live nodes are suspected again and again,
   * for a tenth of a second each, a third of the time. Bertier's margin errs on links that vary, in peace too. What is tried often enough works all the same, unless one is suspected for good.
   */
  private get isHasty(): boolean {
    const { swim, name } = this.scenario.cluster.engine.detector;
    return name === "bertier" || (swim !== undefined && (swim.suspicionMult === 0 || swim.avoidSuspects));
  }

  private checkThatOneReplicaSuffices(address: Address, written: number): void {
    let found: readonly number[] | undefined;
    for (let attempt = 0; attempt < MOST_ATTEMPTS * (this.isHasty ? HASTY : 1) && found === undefined; attempt++) {
      // Where live nodes are suspected in peace too, a fallback that nobody needed may be the first to answer, with nothing.
      this.get(0, address, { r: "one", pr: this.isHasty ? "one" : 0, ...this.easily }, (answer, knowledge) => {
        if (answer.outcome === "ok") found = knowledge!.seen;
      });
      this.settle();
    }
    const isOther = !this.clock.declares.mayLose && this.withoutLate(found ?? []) !== String(written);
    if (found === undefined || isOther) {
      this.broken("healed keys can be read", `[${found?.join(" ") ?? "no answer"}] after ${this.truth.describe(written)}`); // prettier-ignore
    }
  }

  private withoutLate(writeIds: readonly number[]): string {
    return writeIds.filter((writeId) => !this.late.has(writeId)).join();
  }

  /** Every key that all replicas have got a new value of is found by a scan of one copy each, with that value and nothing else. */
  private checkThatScansWork(): void {
    const { cluster, clock, rewritten } = this;
    if (clock.declares.mayLose || cluster.machines.some((_, node) => this.ledger.isDamaged(node))) {
      this.census.add("checks", "healed: scans not judged, excused");
      return;
    }
    const found = new Map<Address, string>();
    for (let start = "", pages = 0; start !== "" || pages === 0; pages++) {
      const page = this.pageFrom(start);
      if (page === undefined) return;
      for (const { key, versions } of page.keys)
        found.set(BUCKET + key, this.withoutLate(versions.map(({ writeId }) => writeId)));
      start = page.next;
    }
    for (const [address, written] of rewritten) {
      if (found.get(address) !== String(written))
        this.broken("scans find what is there", `[${found.get(address) ?? "nothing"}] after ${this.truth.describe(written)}`); // prettier-ignore
    }
    if (rewritten.size > 0) this.census.add("checks", "healed: scans find all");
  }

  private pageFrom(start: string): ScanAnswer | undefined {
    let page: ScanAnswer | undefined;
    let last = "";
    for (let attempt = 0; attempt < MOST_ATTEMPTS * (this.isHasty ? HASTY : 1) && page === undefined; attempt++) {
      const once = this.once("a scan");
      this.client.scan(0, { bucket: BUCKET, start, end: "", limit: 5 }, { r: "one", pr: 0 }, (answer) => {
        once();
        last = answer.outcome;
        if (last === "ok") page = answer;
      });
      this.settle();
    }
    if (page === undefined) this.broken("healed stores can be scanned", `from ${JSON.stringify(start)}: ${last}`);
    return page;
  }

  /** Until the client is owed nothing more, with the patience of its own timeouts. */
  private settle(): void {
    for (let i = 0; i < 40 && this.client.outstanding() > 0; i++) this.advance(this.cluster.now() + fromMs(50));
  }
}

/** Whether what was reported stored outlives the process; a crash is one of the whole machine. */
function survivesCrashes({ kind, sync }: StorageSettings): boolean {
  return kind === "lmdb" && sync !== "never";
}

const BOOKS_PATIENCE_MS = 60_000;
const NAMES = { type: "default", bucket: "swarm" };
const BUCKET = encodeAddress({ ...NAMES, key: "" });

/** Within that former owners have given up what they had. */
const LEFT_OVER_PATIENCE_MS = 60_000;
/** Within that hints are home. */
const HANDOFF_PATIENCE_MS = 90_000;
/** So many rounds of anti-entropy must be enough, and time for what must rest while reads are slow. */
const ROUNDS = 6;
const AAE_PATIENCE_MS = 30_000;

/** Writes to a healed key are tried so often: heavy tails and a small loss of the network itself remain. */
const MOST_ATTEMPTS = 12;
/** And so many times as often where detectors are hasty, at so many milliseconds of their periods. */
const HASTY = 10;
const PHASES = 50;

function learnt(answer: AnswerMessage): Knowledge | undefined {
  if (answer.outcome !== "ok") return undefined;
  return { context: answer.context, seen: answer.versions.map(({ writeId }) => writeId) };
}
