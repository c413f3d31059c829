/**
 * Get, put and delete over protocol buffers: from fields to the request that the node understands, and back. What a Riak does
 * here is kept, its oddities too: a missing key is an empty answer and deleting one a success (HTTP says 404 to both), a clock
 * that is sent with `if_modified` asks "unless it is still this one", and a condition of a put is tested by a read of its own
 * before the write, so that two clients can both pass. That is not atomic, and is not made so.
 *
 * Nothing here holds more than one request's state, in the closure that waits for its answer.
 */
import { customAlphabet } from "nanoid";
import type { Version } from "../clocks/clock";
import { type AnswerMessage, MAX_STATE_BYTES, type RequestOptions } from "../messages";
import { MAX_ADDRESS_BYTES } from "../node";
import { type Content, contentOf, encodeContent, OCTET_STREAM, PLAIN } from "../riak/content";
import type { FrontOptions } from "../riak/front";
import type { FrontSession } from "../riak/session";
import { vtagOf } from "../riak/write-ids";
import { DEFAULT_TYPE } from "../buckets/book";
import { type Address, encodeAddress } from "../vocabulary/address";
import type { QuorumValue } from "../vocabulary/settings";
import { MICROS_PER_SECOND } from "../vocabulary/micros";
import { type Octets, octetsFromText } from "../vocabulary/octets";
import { noType } from "./buckets";
import type { Answering } from "./connection";
import { failureText } from "./failures";
import {
  CODES,
  type ContentFields,
  type DeleteFields,
  GOT,
  type KeyFields,
  type GetFields,
  type PairFields,
  PREFERENCE_LIST,
  type PutFields,
  STORED,
} from "./messages";
import { quorumOf } from "./quorum-words";

/** As many characters as Riak's own names have at most: 160 bits. */
const CHOSEN_KEY_LENGTH = 27;
const chooseKey = customAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", CHOSEN_KEY_LENGTH);

/** Of a request that asks for nothing in particular. */
const USUAL: RequestOptions = { explain: true };
/** No client waits for longer; 0 would be over before it begins. */
const MAX_TIMEOUT_MS = 3_600_000;

export class Objects {
  private readonly maxBytes: number;

  constructor(
    private readonly session: FrontSession,
    private readonly options: FrontOptions,
    maxBodyBytes: number,
  ) {
    this.maxBytes = Math.min(maxBodyBytes, MAX_STATE_BYTES);
  }

  get(fields: GetFields, answering: Answering): void {
    const address = this.addressOf(fields.type, fields.bucket, fields.key, answering);
    if (address === undefined) return;
    const options = getOptions(fields);
    this.session.get(address, options, (answer) => {
      if (!answering.isOpen) return;
      if (answer.outcome !== "ok") return this.fail(address, options, answer, answering);
      const { versions, context } = answer;
      if (isAbsent(versions)) {
        const clock = fields.deletedClock === true && versions.length > 0 ? context : undefined;
        if (clock === undefined) answering.acknowledge(CODES.got);
        else answering.answer(CODES.got, GOT, { clock });
      } else if (fields.ifModified !== undefined && fields.ifModified === context) {
        answering.answer(CODES.got, GOT, { unchanged: true });
      } else {
        answering.answer(CODES.got, GOT, { content: contentsOf(versions, fields.head === true), clock: context });
      }
    });
  }

  put(fields: PutFields, answering: Answering): void {
    const { ifNotModified, ifNoneMatch, syncOnWrite } = fields;
    const chosen = fields.key === undefined ? chooseKey() : undefined;
    const address = this.addressOf(fields.type, fields.bucket, chosen ?? fields.key!, answering);
    if (address === undefined) return;
    if (fields.asIs === true)
      return answering.fail("asis is not supported: a value without a clock of its own cannot be written");
    if (syncOnWrite !== undefined && syncOnWrite !== "backend")
      return answering.fail(
        "sync_on_write is not supported for one request: how durable a write is, is the cluster's own",
      );
    if (ifNotModified !== true && ifNoneMatch !== true) return this.write(fields, address, chosen, answering);
    const { timeout, nVal, sloppyQuorum } = fields;
    const options = getOptions({ timeout, nVal, sloppyQuorum });
    this.session.get(address, options, (answer) => {
      if (!answering.isOpen) return;
      if (answer.outcome !== "ok") return this.fail(address, options, answer, answering);
      const absent = isAbsent(answer.versions);
      if (ifNoneMatch === true && !absent) answering.fail("match_found");
      else if (ifNotModified === true && absent) answering.fail("notfound");
      else if (ifNotModified === true && (fields.clock ?? "") !== answer.context) answering.fail("modified");
      else this.write(fields, address, chosen, answering);
    });
  }

  delete(fields: DeleteFields, answering: Answering): void {
    const address = this.addressOf(fields.type, fields.bucket, fields.key, answering);
    if (address === undefined) return;
    const { clock } = fields;
    const { read, write } = deleteOptions(fields, this.options.node.buckets.ofAddress(address).rw);
    const bury = (context: Octets): void => {
      this.session.put(address, context, { value: "", tombstone: true }, answering.client, write, (answer) => {
        if (!answering.isOpen) return;
        if (answer.outcome === "ok") answering.acknowledge(CODES.deleted);
        else this.fail(address, write, answer, answering);
      });
    };
    if (clock !== undefined) return bury(clock);
    this.session.get(address, read, (answer) => {
      if (!answering.isOpen) return;
      if (answer.outcome !== "ok") this.fail(address, read, answer, answering);
      else if (isAbsent(answer.versions)) answering.acknowledge(CODES.deleted);
      else bury(answer.context);
    });
  }

  /** Who has copies of a key, or takes the place of whoever has: the partition is the vnode's number on its node. */
  preferenceList({ type, bucket, key }: KeyFields, answering: Answering): void {
    const address = this.addressOf(type, bucket, key, answering);
    if (address === undefined) return;
    const { node: self, members } = this.options;
    answering.answer(CODES.preferenceList, PREFERENCE_LIST, {
      entries: self.preferenceList(address).map(({ node, vnode, home }) => ({
        partition: (home ?? { vnode }).vnode,
        node: octetsFromText(members[node].id),
        primary: home === undefined,
      })),
    });
  }

  private write(fields: PutFields, address: Address, chosen: Octets | undefined, answering: Answering): void {
    const { content, clock = "", returnBody, returnHead } = fields;
    const tombstone = content.deleted === true;
    const value = tombstone ? "" : content.value;
    const meta = encodeContent(contentIn(content, this.options.wallMicros()));
    const bytes = value.length + meta.length + clock.length;
    if (bytes > this.maxBytes)
      return answering.fail(
        `too_large: value, metadata and clock of ${String(bytes)} bytes, limit ${String(this.maxBytes)}`,
      );
    const written = { value, tombstone, meta };
    const wanted = returnBody === true || returnHead === true;
    const options = putOptions(fields, wanted);
    this.session.put(address, clock, written, answering.client, options, (answer) => {
      if (!answering.isOpen) return;
      if (answer.outcome !== "ok") return this.fail(address, options, answer, answering);
      if (wanted) {
        const { versions, context } = answer;
        answering.answer(CODES.stored, STORED, {
          content: contentsOf(versions, returnHead === true),
          clock: context,
          key: chosen,
        });
      } else if (chosen === undefined) answering.acknowledge(CODES.stored);
      else answering.answer(CODES.stored, STORED, { key: chosen });
    });
  }

  private addressOf(
    type: Octets | undefined,
    bucket: Octets,
    key: Octets,
    answering: Pick<Answering, "fail">,
  ): Address | undefined {
    const named = type ?? DEFAULT_TYPE;
    let problem: string | undefined;
    let address: Address | undefined;
    if (bucket === "") problem = "Bucket cannot be zero-length";
    else if (key === "") problem = "Key cannot be zero-length";
    else if (named === "") problem = "Type cannot be zero-length";
    else if (!this.options.node.buckets.hasType(named)) problem = noType(named);
    else if (named.length + bucket.length + key.length + 3 > MAX_ADDRESS_BYTES)
      problem = `type, bucket and key together are longer than ${String(MAX_ADDRESS_BYTES - 3)} bytes`;
    else address = encodeAddress({ type: named, bucket, key });
    if (problem !== undefined) answering.fail(problem);
    return address;
  }

  private fail(address: Address, options: RequestOptions, answer: AnswerMessage, answering: Answering): void {
    answering.fail(failureText(answer, options, this.options.node.buckets.ofAddress(address).nVal));
  }
}

/** Deleted, or never there: a client is told the same. */
function isAbsent(versions: readonly Version[]): boolean {
  for (const { tombstone } of versions) if (!tombstone) return false;
  return true;
}

function getOptions(
  fields: Pick<
    GetFields,
    "r" | "pr" | "basicQuorum" | "notfoundOk" | "nodeConfirms" | "timeout" | "sloppyQuorum" | "nVal"
  >,
): RequestOptions {
  const { r, pr, basicQuorum, notfoundOk, nodeConfirms } = fields;
  const common = commonOptions(fields);
  if (
    r === undefined &&
    pr === undefined &&
    basicQuorum === undefined &&
    notfoundOk === undefined &&
    nodeConfirms === undefined
  )
    return common;
  return {
    ...common,
    r: quorumOf(r),
    pr: quorumOf(pr),
    nodeConfirms: quorumOf(nodeConfirms),
    basicQuorum,
    notfoundOk,
  };
}

function putOptions(
  fields: Pick<PutFields, "w" | "dw" | "pw" | "nodeConfirms" | "timeout" | "sloppyQuorum" | "nVal">,
  returnBody = false,
): RequestOptions {
  const { w, dw, pw, nodeConfirms } = fields;
  const common = commonOptions(fields);
  if (!returnBody && w === undefined && dw === undefined && pw === undefined && nodeConfirms === undefined)
    return common;
  return {
    ...common,
    w: quorumOf(w),
    dw: quorumOf(dw),
    pw: quorumOf(pw),
    nodeConfirms: quorumOf(nodeConfirms),
    ...(returnBody ? { returnBody } : {}),
  };
}

/** Of the two halves of a delete: `rw`, the request's or else the bucket's, stands for what neither names. */
function deleteOptions(
  fields: DeleteFields,
  bucketRw: QuorumValue,
): { readonly read: RequestOptions; readonly write: RequestOptions } {
  const [r, pr, w, dw, pw] = [fields.r, fields.pr, fields.w, fields.dw, fields.pw].map(quorumOf);
  const rw = quorumOf(fields.rw) ?? bucketRw;
  const named = w !== undefined || dw !== undefined || pw !== undefined;
  const common = commonOptions(fields);
  return {
    read: { ...common, r: r ?? (pr === undefined ? rw : undefined), pr },
    write: { ...common, w: w ?? (named ? undefined : rw), dw: dw ?? (named ? undefined : rw), pw },
  };
}

function commonOptions({
  timeout,
  sloppyQuorum,
  nVal,
}: Pick<PutFields, "timeout" | "sloppyQuorum" | "nVal">): RequestOptions {
  if (timeout === undefined && sloppyQuorum === undefined && nVal === undefined) return USUAL;
  const timeoutMs = timeout === undefined ? undefined : Math.min(Math.max(1, timeout), MAX_TIMEOUT_MS);
  return { explain: true, timeoutMs, sloppy: sloppyQuorum, nVal };
}

function contentsOf(versions: readonly Version[], head: boolean): ContentFields[] {
  return versions.map((version): ContentFields => {
    const { contentType, charset, encoding, lastModifiedMicros, userMeta, links, indexes } = contentOf(version);
    const seconds = lastModifiedMicros === undefined ? undefined : Math.floor(lastModifiedMicros / MICROS_PER_SECOND);
    return {
      value: head ? "" : version.value,
      contentType,
      charset,
      contentEncoding: encoding,
      vtag: vtagOf(version.writeId),
      links: links.length === 0 ? undefined : links.map(([bucket, key, tag]) => ({ bucket, key, tag })),
      lastModified: seconds,
      lastModifiedMicros: seconds === undefined ? undefined : lastModifiedMicros! - seconds * MICROS_PER_SECOND,
      userMeta: userMeta.length === 0 ? undefined : userMeta.map(([key, value]) => ({ key, value })),
      indexes: indexes.length === 0 ? undefined : indexes.map(([key, value]) => ({ key, value })),
      deleted: version.tombstone ? true : undefined,
    };
  });
}

/** What a client says of its value; when it was written and its vtag are not the client's to say. */
function contentIn(fields: ContentFields, lastModifiedMicros: number): Content {
  const { contentType, charset, contentEncoding, links, userMeta, indexes } = fields;
  return {
    contentType: contentType ?? OCTET_STREAM,
    charset,
    encoding: contentEncoding,
    lastModifiedMicros,
    links:
      links === undefined || links.length === 0
        ? PLAIN.links
        : links.map(({ bucket = "", key = "", tag = "" }) => [bucket, key, tag]),
    userMeta: pairsIn(userMeta),
    indexes: pairsIn(indexes),
  };
}

function pairsIn(pairs: readonly PairFields[] | undefined): Content["userMeta"] {
  if (pairs === undefined || pairs.length === 0) return PLAIN.userMeta;
  return pairs.map(({ key, value = "" }) => [key, value]);
}
