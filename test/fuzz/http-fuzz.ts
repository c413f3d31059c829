/**
 * A node's HTTP front end under requests that nobody would send: `HttpFuzz` walks the route table (test/fuzz/requests.ts) on raw
 * sockets, alone and pipelined, in pieces and broken off, spoilt and with mutated bytes. Meanwhile it keeps a few keys by a model of
 * its own and reads them back. The node must go on serving, answer with nothing that its table does not list, and keep its memory.
 */
import { connect, type Socket } from "node:net";
import type { Route } from "../../engine/http/route";
import { ANY_REQUEST } from "../../engine/http/routes";
import { Random } from "../../engine/vocabulary/random";
import { type Answer, AnswerReader, NoAnswer } from "./answers";
import { ModelKeys } from "./model-keys";
import { below, chance, drawRequest, type DrawnRequest, mutated } from "./requests";

export interface FuzzOptions {
  readonly routes: readonly Route[];
  readonly port: number;
  readonly seed: number;
  readonly requests: number;
  /** At once; 24 where left out. */
  readonly lanes?: number;
  /** After so many requests each. */
  readonly sample?: () => Promise<void>;
  readonly sampleEvery?: number;
  /** Undefined as long as the node runs. */
  readonly died: () => string | undefined;
}

export interface FuzzReport {
  readonly sent: number;
  readonly modelSteps: number;
  /** By kind of step, and by status. */
  readonly steps: ReadonlyMap<string, number>;
  readonly statuses: ReadonlyMap<string, number>;
  /** Each with what was sent; at most twenty. */
  readonly breaches: readonly string[];
}

const MOST_BREACHES = 20;
const PATIENCE_MS = 30_000;
/** A client that stops in the middle of a request waits this long before it goes away. */
const ABANDON_AFTER_MS = 3;
/** A fault of the server's own may not be among them. */
const OF_ANY = ANY_REQUEST.map(({ code }) => code).filter((code) => code !== 500);
const SHARES = [
  ["alone", 0.42],
  ["pipelined", 0.06],
  ["spoilt", 0.22],
  ["in pieces", 0.08],
  ["broken off", 0.08],
  ["mutated", 0.14],
] as const;

type Step = (typeof SHARES)[number][0];

export class HttpFuzz {
  private sent = 0;
  private nextSample = 0;
  private modelSteps = 0;
  private readonly steps = new Map<string, number>();
  private readonly statuses = new Map<string, number>();
  private readonly breaches: string[] = [];
  private readonly host: string;

  constructor(private readonly options: FuzzOptions) {
    this.host = `127.0.0.1:${options.port}`;
  }

  async run(): Promise<FuzzReport> {
    const { lanes = 24, seed, port } = this.options;
    const root = Random.fromSeed(seed);
    const model = new ModelKeys(root.fork("model"), (bytes, method) => this.exchangeOnce(bytes, method), this.host);
    await model.begin();
    const work = Array.from({ length: lanes }, (_, i) => this.lane(root.fork(`lane/${i}`), model, port));
    await Promise.all([...work, this.watchModel(model)]);
    return {
      sent: this.sent,
      modelSteps: this.modelSteps,
      steps: this.steps,
      statuses: this.statuses,
      breaches: this.breaches,
    };
  }

  private get over(): boolean {
    const { requests, died } = this.options;
    return this.sent >= requests || this.breaches.length >= MOST_BREACHES || died() !== undefined;
  }

  private breach(what: string, bytes: string): void {
    if (this.breaches.length < MOST_BREACHES)
      this.breaches.push(`${what}\n      sent ${JSON.stringify(bytes.slice(0, 1_500))}`);
  }

  private async watchModel(model: ModelKeys): Promise<void> {
    while (!this.over) {
      const wrong = await model.step();
      this.modelSteps++;
      if (wrong !== undefined) this.breach(`the model: ${wrong}`, "");
    }
  }

  private async lane(random: Random, model: ModelKeys, port: number): Promise<void> {
    const { sampleEvery = 1_000, sample, routes } = this.options;
    const drawing = { routes, host: this.host };
    let kept: Connection | undefined;
    while (!this.over) {
      const step = draw(random);
      this.steps.set(step, (this.steps.get(step) ?? 0) + 1);
      if (step === "alone" || step === "pipelined") {
        const many = step === "alone" ? 1 : 2 + below(random, 7);
        kept ??= await Connection.open(port);
        if (!(await this.asked(kept, random, many, drawing, model))) {
          kept.reset();
          kept = undefined;
        }
      } else await this.onItsOwn(step, random, drawing, port);
      if (this.sent < this.nextSample) continue;
      this.nextSample = this.sent + sampleEvery;
      await sample?.();
    }
    kept?.reset();
  }

  /** Requests that fit, and answers in their order. False: the connection is over. */
  private async asked(
    connection: Connection,
    random: Random,
    many: number,
    drawing: Parameters<typeof drawRequest>[1],
    model: ModelKeys,
  ): Promise<boolean> {
    const requests: (DrawnRequest & { readonly pinned?: string })[] = [];
    for (let i = 0; i < many; i++)
      requests.push(
        many > 1 && chance(random, 0.4) ? model.pinnedRequest(random) : drawRequest(random, drawing, false),
      );
    this.sent += many;
    const bytes = requests.map((request) => request.bytes).join("");
    let answers: readonly Answer[];
    try {
      answers = await connection.exchange(
        bytes,
        requests.map(({ method }) => method),
      );
    } catch (error) {
      // Nobody reads on while a node ends.
      if (this.options.died() === undefined)
        this.breach(`${(error as Error).message} (${many} requests that fit)`, bytes);
      return false;
    }
    answers.forEach((answer, i) => {
      const { route, pinned, bytes: sent } = requests[i];
      this.judge(answer, sent, route);
      if (pinned !== undefined && (answer.status !== 200 || answer.body !== pinned))
        this.breach(
          `a pipelined read got ${answer.status} ${JSON.stringify(answer.body.slice(0, 60))}, not ${pinned}`,
          bytes,
        );
      if (route !== undefined && !route.statuses.some(({ code }) => code === answer.status) && answer.status !== 405)
        this.breach(
          `${answer.status} is not in the table of ${route.name}: ${JSON.stringify(answer.body.slice(0, 200))}`,
          sent,
        );
    });
    return !answers[answers.length - 1].closes;
  }

  /** One request, or what is left of it, on a connection of its own. */
  private async onItsOwn(
    step: Step,
    random: Random,
    drawing: Parameters<typeof drawRequest>[1],
    port: number,
  ): Promise<void> {
    const request = drawRequest(random, drawing, step === "spoilt" || chance(random, 0.2));
    this.sent++;
    let { bytes } = request;
    if (step === "mutated") bytes = mutated(random, bytes, drawRequest(random, drawing, false).bytes);
    const connection = await Connection.open(port);
    try {
      if (step === "in pieces" || step === "broken off") {
        const end = step === "in pieces" ? bytes.length : below(random, bytes.length);
        for (let at = 0, pieces = 0; at < end; pieces++) {
          const to = pieces > 20 ? end : Math.min(end, at + 1 + below(random, 120));
          connection.write(bytes.slice(at, to));
          await turn();
          at = to;
        }
        if (step === "broken off") {
          if (chance(random, 0.5)) await patience(ABANDON_AFTER_MS);
          return;
        }
      } else connection.write(bytes);
      this.looked(await connection.untilClosed(), bytes, request, step);
    } catch (error) {
      if (this.options.died() === undefined) this.breach(`${(error as Error).message} (${step})`, bytes);
    } finally {
      connection.reset();
    }
  }

  /** Whatever came back for bytes of which we do not know what they are. */
  private looked(got: string, bytes: string, request: DrawnRequest, step: Step): void {
    if (got === "") return;
    if (step === "mutated") {
      if (!/^HTTP\/1\.1 [1-5]\d\d/.test(got)) this.breach(`no answer: ${JSON.stringify(got.slice(0, 100))}`, bytes);
      for (const [, status] of got.matchAll(/HTTP\/1\.1 ([1-5]\d\d) /g)) this.count(Number(status));
      this.judgeText(got, bytes);
      return;
    }
    const reader = new AnswerReader();
    reader.asked(request.method);
    const [answer] = reader.take(got, true);
    // A client that ends its side may be taken for one that has gone: what was on its way to it is cut off.
    if (answer === undefined) return;
    this.judge(answer, bytes, request.route);
    const known = [...OF_ANY, ...(request.route?.statuses ?? []).map(({ code }) => code)];
    if (request.route !== undefined && !known.includes(answer.status))
      this.breach(`${answer.status} is not in the table of ${request.route.name}`, bytes);
    const [fault] = request.faults;
    if (request.faults.length === 1 && fault.startsWith("parameter ") && (answer.status < 400 || answer.status >= 500))
      this.breach(`${answer.status} though ${fault} does not fit`, bytes);
  }

  private count(status: number): void {
    this.statuses.set(String(status), (this.statuses.get(String(status)) ?? 0) + 1);
  }

  private judge({ status, body, headers }: Answer, bytes: string, route: Route | undefined): void {
    this.count(status);
    this.judgeText(body, bytes);
    if (status >= 500 && route === undefined && status !== 501)
      this.breach(`${status} for a path of no route: ${body.slice(0, 100)}`, bytes);
    if (status === 405 && !headers.has("allow")) this.breach("405 without Allow", bytes);
    if (status === 500 && !/^Error:\n(overload|too_many_siblings|\{insufficient_vnodes)/.test(body))
      this.breach(`500 with ${JSON.stringify(body.slice(0, 300))}`, bytes);
  }

  /** Words of a program's own fault have no business in an answer. */
  private judgeText(text: string, bytes: string): void {
    const slip =
      /(TypeError|RangeError|ReferenceError|SyntaxError|AssertionError|node:internal|\.js:\d+:\d+|\[object Object\])/.exec(
        text,
      );
    if (slip !== null && !bytes.includes(slip[0]))
      this.breach(`an answer speaks of ${slip[0]}: ${JSON.stringify(text.slice(0, 300))}`, bytes);
  }

  private async exchangeOnce(bytes: string, method: string): Promise<Answer> {
    const connection = await Connection.open(this.options.port);
    try {
      const [answer] = await connection.exchange(bytes, [method]);
      return answer;
    } finally {
      connection.reset();
    }
  }
}

function draw(random: Random): Step {
  let at = random.nextFloat();
  for (const [step, share] of SHARES) {
    if (at < share) return step;
    at -= share;
  }
  return "alone";
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function patience(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

class Connection {
  private got = "";
  private closed = false;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;
  private readonly reader = new AnswerReader();

  private constructor(private readonly socket: Socket) {
    socket.on("data", (chunk) => {
      this.got += chunk.toString("latin1");
      this.wake();
    });
    socket.on("error", (error) => {
      this.failure = error;
      this.closed = true;
      this.wake();
    });
    socket.on("close", () => {
      this.closed = true;
      this.wake();
    });
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, noDelay: true, allowHalfOpen: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Connection(socket));
      });
    });
  }

  write(bytes: string): void {
    if (!this.closed) this.socket.write(bytes, "latin1");
  }

  /** As many answers as there are methods, in order. */
  async exchange(bytes: string, methods: readonly string[]): Promise<readonly Answer[]> {
    for (const method of methods) this.reader.asked(method);
    this.write(bytes);
    const answers: Answer[] = [];
    await this.waitFor(() => {
      answers.push(...this.reader.take(this.takeGot(), this.closed));
      return answers.length >= methods.length;
    });
    if (answers.length > methods.length || this.reader.left !== "") throw new NoAnswer("more than was asked for");
    if (answers.length < methods.length)
      throw new NoAnswer(
        `closed after ${answers.length} of ${methods.length} answers${this.failure === undefined ? "" : `: ${this.failure.message}`}`,
      );
    return answers;
  }

  /** Ends our side; all that comes until the other side has ended too. A connection that is reset has said all it had. */
  async untilClosed(): Promise<string> {
    this.socket.end();
    this.socket.once("end", () => {
      this.closed = true;
      this.wake();
    });
    await this.waitFor(() => false);
    return this.takeGot();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  private takeGot(): string {
    const { got } = this;
    this.got = "";
    return got;
  }

  /** Until it holds or the connection is closed; rejects when neither comes in time. */
  private waitFor(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(() => reject(new NoAnswer(`nothing within ${PATIENCE_MS} ms`))),
        PATIENCE_MS,
      );
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.wake = () => undefined;
        act();
      };
      const look = (): void => {
        try {
          if (holds() || this.closed) settle(resolve);
        } catch (error) {
          settle(() => reject(error instanceof Error ? error : new Error(String(error))));
        }
      };
      this.wake = look;
      look();
    });
  }
}
