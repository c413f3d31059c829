/**
 * A node's protocol buffers under messages that nobody would send: fields drawn from the definitions that the front end itself
 * decodes by, pipelined, in pieces, broken off, and with mutated bytes. Every answer must be a whole frame of a code that answers
 * what was asked, and keys kept by a model of their own must read as they were written.
 */
import { strict as assert } from "node:assert";
import { connect, type Socket } from "node:net";
import type { Type } from "protobufjs/light";
import "../../engine/real/native-octets";
import * as messages from "../../engine/pb/messages";
import { bareFrame, decodeMessage, frameOf } from "../../engine/pb/octet-fields";
import { Random } from "../../engine/vocabulary/random";
import type { FuzzOptions, FuzzReport } from "./http-fuzz";
import { below, chance, mutated, octets, pick } from "./requests";

const { CODES } = messages;

interface Question {
  readonly code: number;
  /** Undefined: nothing but its code. */
  readonly definition: messages.Definition<unknown> | undefined;
  readonly answer: number;
}

/** What is asked and the code of its answer; an error is one of anything. */
const QUESTIONS: readonly Question[] = [
  { code: CODES.get, definition: messages.GET, answer: CODES.got },
  { code: CODES.put, definition: messages.PUT, answer: CODES.stored },
  { code: CODES.delete, definition: messages.DELETE, answer: CODES.deleted },
  { code: CODES.get, definition: messages.GET, answer: CODES.got },
  { code: CODES.put, definition: messages.PUT, answer: CODES.stored },
  { code: CODES.ping, definition: undefined, answer: CODES.pong },
  { code: CODES.getClientId, definition: undefined, answer: CODES.clientId },
  { code: CODES.setClientId, definition: messages.CLIENT_ID, answer: CODES.clientIdSet },
  { code: CODES.getServerInfo, definition: undefined, answer: CODES.serverInfo },
  { code: CODES.listBuckets, definition: messages.LIST_BUCKETS, answer: CODES.bucketsListed },
  { code: CODES.listKeys, definition: messages.LIST_KEYS, answer: CODES.keysListed },
  { code: CODES.getBucket, definition: messages.GET_BUCKET, answer: CODES.bucketProperties },
  { code: CODES.setBucket, definition: messages.SET_BUCKET, answer: CODES.bucketSet },
  { code: CODES.resetBucket, definition: messages.GET_BUCKET, answer: CODES.bucketReset },
  { code: CODES.getBucketType, definition: messages.GET_BUCKET_TYPE, answer: CODES.bucketProperties },
  { code: CODES.setBucketType, definition: messages.SET_BUCKET_TYPE, answer: CODES.bucketSet },
  { code: CODES.getPreferenceList, definition: messages.GET_PREFERENCE_LIST, answer: CODES.preferenceList },
];

const SHARES = [
  ["alone", 0.45],
  ["pipelined", 0.1],
  ["in pieces", 0.08],
  ["broken off", 0.08],
  ["unknown", 0.05],
  ["mutated", 0.24],
] as const;

const MOST_BREACHES = 20;
const PATIENCE_MS = 30_000;
const MODEL = { type: "model-over-pb", bucket: "m" };
const MODEL_KEYS = 8;
const BUCKETS = ["b", "fuzz", "\u00ff\u0000", "", "a b"];
const TYPES = ["default", "t1", "t2", "nobody-made-this", ""];
const NUMBERS = [0, 1, 2, 3, 100, 0x7fffffff, 0xfffffffb, 0xfffffffc, 0xfffffffd, 0xfffffffe, 0xffffffff];

interface Frame {
  readonly code: number;
  readonly body: Buffer;
}

function drawFields(random: Random, type: Type, depth: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    if (!field.required && !chance(random, 2 / (2 + type.fieldsArray.length))) continue;
    const draw = (): unknown => {
      if (field.name === "bucket") return pick(random, BUCKETS);
      if (field.name === "key") return `k${String(below(random, 24))}`;
      if (field.name === "type") return pick(random, TYPES);
      if (field.type === "bytes") return octets(random, below(random, chance(random, 0.02) ? 20_000 : 40));
      if (field.type === "bool") return chance(random, 0.5);
      if (field.type === "uint32" || field.type === "int32") return pick(random, NUMBERS);
      const inner = type.parent?.lookup(field.type) as Type | null | undefined;
      return inner === null || inner === undefined || depth > 3 ? {} : drawFields(random, inner, depth + 1);
    };
    fields[field.name] = field.repeated ? Array.from({ length: below(random, 4) }, draw) : draw();
  }
  return fields;
}

function frameFor(random: Random, { code, definition }: Question): Buffer {
  return definition === undefined ? bareFrame(code) : frameOf(code, definition, drawFields(random, definition.type, 0));
}

export class PbFuzz {
  private sent = 0;
  private modelSteps = 0;
  private nextSample = 0;
  private readonly steps = new Map<string, number>();
  private readonly statuses = new Map<string, number>();
  private readonly breaches: string[] = [];

  constructor(private readonly options: Omit<FuzzOptions, "routes">) {}

  async run(): Promise<FuzzReport> {
    const { seed, lanes = 16 } = this.options;
    const root = Random.fromSeed(seed).fork("pb");
    const model = await Connection.open(this.options.port);
    const created = { type: MODEL.type, properties: { allow_mult: true } };
    const [{ code }] = await model.exchange(frameOf(CODES.setBucketType, messages.SET_BUCKET_TYPE, created), 1);
    assert.equal(code, CODES.bucketSet);
    await Promise.all([
      ...Array.from({ length: lanes }, (_, i) => this.lane(root.fork(`lane/${String(i)}`))),
      this.keepModel(root.fork("model"), model),
    ]);
    model.reset();
    const { sent, modelSteps, steps, statuses, breaches } = this;
    return { sent, modelSteps, steps, statuses, breaches };
  }

  private get over(): boolean {
    const { requests, died } = this.options;
    return this.sent >= requests || this.breaches.length >= MOST_BREACHES || died() !== undefined;
  }

  private breach(what: string, bytes: Buffer): void {
    if (this.options.died() === undefined && this.breaches.length < MOST_BREACHES)
      this.breaches.push(`${what}\n      sent ${bytes.subarray(0, 700).toString("hex")}`);
  }

  private async lane(random: Random): Promise<void> {
    const { sample, sampleEvery = 1_000 } = this.options;
    let kept: Connection | undefined;
    while (!this.over) {
      let at = random.nextFloat();
      const step = (SHARES.find(([, share]) => (at -= share) < 0) ?? SHARES[0])[0];
      this.steps.set(step, (this.steps.get(step) ?? 0) + 1);
      const asked = Array.from({ length: step === "pipelined" ? 2 + below(random, 8) : 1 }, () => {
        const question = pick(random, QUESTIONS);
        const frame = frameFor(random, question);
        return { ...question, frame, streams: question.code === CODES.listKeys || wantsStream(question, frame) };
      });
      const bytes = Buffer.concat(asked.map(({ frame }) => frame));
      this.sent += asked.length;
      if (step === "alone" || step === "pipelined") {
        kept ??= await Connection.open(this.options.port);
        if (!(await this.fits(kept, asked, bytes))) {
          kept.reset();
          kept = undefined;
        }
      } else await this.strange(step, random, bytes);
      if (this.sent < this.nextSample) continue;
      this.nextSample = this.sent + sampleEvery;
      await sample?.();
    }
    kept?.reset();
  }

  /** Every message is one of the definitions; each gets its answer, in order. */
  private async fits(
    connection: Connection,
    asked: readonly (Question & { readonly streams: boolean })[],
    bytes: Buffer,
  ): Promise<boolean> {
    try {
      connection.write(bytes);
      for (const { answer, code, streams } of asked) {
        for (;;) {
          const frame = await connection.next();
          if (frame === undefined) throw new Error(`closed in place of an answer to ${String(code)}`);
          this.statuses.set(`code ${String(frame.code)}`, (this.statuses.get(`code ${String(frame.code)}`) ?? 0) + 1);
          if (frame.code === CODES.error) {
            this.judgeError(frame, bytes);
            break;
          }
          if (frame.code !== answer) throw new Error(`${String(code)} was answered ${String(frame.code)}`);
          if (!streams || isLast(frame)) break;
        }
      }
      if (connection.hasMore) throw new Error("more than was asked for");
      return true;
    } catch (error) {
      this.breach((error as Error).message, bytes);
      return false;
    }
  }

  private async strange(step: string, random: Random, bytes: Buffer): Promise<void> {
    const connection = await Connection.open(this.options.port);
    let sent = bytes;
    try {
      if (step === "mutated")
        sent = Buffer.from(mutated(random, bytes.toString("latin1"), bytes.toString("latin1")), "latin1");
      else if (step === "unknown") {
        sent = Buffer.concat([Buffer.alloc(5), Buffer.from(octets(random, below(random, 30)), "latin1")]);
        sent.writeUInt32BE(chance(random, 0.2) ? random.nextUint32() : sent.length - 4, 0);
        sent[4] = below(random, 256);
      }
      if (step === "in pieces" || step === "broken off") {
        const end = step === "in pieces" ? sent.length : below(random, sent.length);
        for (let at = 0; at < end;) {
          const to = Math.min(end, at + 1 + below(random, 60) + Math.floor(sent.length / 20));
          connection.write(sent.subarray(at, to));
          await new Promise<void>((resolve) => setImmediate(resolve));
          at = to;
        }
        if (step === "broken off") return;
      } else connection.write(sent);
      connection.end();
      for (;;) {
        const frame = await connection.next();
        if (frame === undefined) return;
        if (frame.code === CODES.error) this.judgeError(frame, sent);
      }
    } catch (error) {
      this.breach(`${(error as Error).message} (${step})`, sent);
    } finally {
      connection.reset();
    }
  }

  private judgeError({ body }: Frame, bytes: Buffer): void {
    const { message } = decodeMessage(messages.ERROR, body, 0, body.length);
    if (/TypeError|ReferenceError|AssertionError|node:internal|\.js:\d+/.test(message) || message === "")
      this.breach(`an error says ${JSON.stringify(message.slice(0, 200))}`, bytes);
  }

  private async keepModel(random: Random, connection: Connection): Promise<void> {
    const values: (string | undefined)[] = new Array<undefined>(MODEL_KEYS).fill(undefined);
    for (let written = 1; !this.over; written++, this.modelSteps++) {
      const at = below(random, MODEL_KEYS);
      const where = { ...MODEL, key: `k${String(at)}` };
      try {
        const [read] = await connection.exchange(frameOf(CODES.get, messages.GET, { ...where, deletedClock: true }), 1);
        if (read.code !== CODES.got) throw new Error(`a read was answered ${String(read.code)}`);
        const { content = [], clock } = decodeMessage(messages.GOT, read.body, 0, read.body.length);
        const got = content.map(({ value }) => value).join();
        if (got !== (values[at] ?? "")) throw new Error(`read ${got} and not ${values[at] ?? "nothing"}`);
        const gone = chance(random, 0.3) && values[at] !== undefined;
        const value = `model-${String(written)}`;
        const withClock = { ...where, ...(clock === undefined ? {} : { clock }) };
        const frame = gone
          ? frameOf(CODES.delete, messages.DELETE, withClock)
          : frameOf(CODES.put, messages.PUT, { ...withClock, content: { value } });
        const [{ code }] = await connection.exchange(frame, 1);
        if (code !== (gone ? CODES.deleted : CODES.stored)) throw new Error(`a write was answered ${String(code)}`);
        values[at] = gone ? undefined : value;
      } catch (error) {
        this.breach(`the model's key k${String(at)}: ${(error as Error).message}`, Buffer.alloc(0));
        return;
      }
    }
  }
}

/** Buckets are listed in one frame unless it is asked for more. */
function wantsStream({ code }: Question, frame: Buffer): boolean {
  return code === CODES.listBuckets && decodeMessage(messages.LIST_BUCKETS, frame, 5, frame.length).stream === true;
}

/** Of the frames of a listing. */
function isLast({ code, body }: Frame): boolean {
  const listed = code === CODES.keysListed ? messages.KEYS_LISTED : messages.BUCKETS_LISTED;
  return decodeMessage<{ readonly done?: boolean }>(listed, body, 0, body.length).done === true;
}

class Connection {
  private got = Buffer.alloc(0);
  private closed = false;
  private wake: () => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    const over = (): void => {
      this.closed = true;
      this.wake();
    };
    socket.on("data", (chunk) => {
      this.got = Buffer.concat([this.got, chunk]);
      this.wake();
    });
    socket.on("error", over);
    socket.on("end", over);
    socket.on("close", over);
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

  get hasMore(): boolean {
    return this.got.length > 0;
  }

  write(bytes: Buffer): void {
    if (!this.closed) this.socket.write(bytes);
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  async exchange(bytes: Buffer, answers: number): Promise<readonly Frame[]> {
    this.write(bytes);
    const frames: Frame[] = [];
    while (frames.length < answers) {
      const frame = await this.next();
      if (frame === undefined) throw new Error("closed in place of an answer");
      frames.push(frame);
    }
    return frames;
  }

  /** Undefined: the connection ended, between two frames or in one that our own end cut off. */
  next(): Promise<Frame | undefined> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.wake = () => undefined;
        act();
      };
      const timer = setTimeout(
        () => settle(() => reject(new Error(`nothing within ${String(PATIENCE_MS)} ms`))),
        PATIENCE_MS,
      );
      const look = (): void => {
        const { got } = this;
        if (got.length >= 5) {
          const length = got.readUInt32BE(0);
          if (length < 1 || length > 64 * 2 ** 20)
            return settle(() => reject(new Error(`a frame of ${String(length)} bytes`)));
          if (got.length >= 4 + length) {
            this.got = got.subarray(4 + length);
            return settle(() => resolve({ code: got[4], body: got.subarray(5, 4 + length) }));
          }
        }
        if (this.closed) settle(() => resolve(undefined));
      };
      this.wake = look;
      look();
    });
  }
}
