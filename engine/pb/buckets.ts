/**
 * Listings, bucket properties and bucket types over protocol buffers. Properties are read from the node beside it, in this very
 * turn; a change is checked whole, told to the node, and answered when the node says that it holds. A listing is sent page by page
 * as the client takes it, and an error ends it wherever it is: a client that counts on `done` knows what it has.
 *
 * A type is made by setting its properties: there is no administrator's tool here that could make one.
 */
import { DEFAULT_TYPE } from "../buckets/book";
import type { BucketChange, BucketProperties } from "../buckets/properties";
import type { FrontOptions } from "../riak/front";
import { listBuckets, listKeys, type ListTaker } from "../riak/listing";
import { changeOf, riakProperties } from "../riak/properties";
import type { BucketAsked, FrontSession } from "../riak/session";
import { MAX_BUCKET_BYTES } from "../vocabulary/address";
import type { Octets } from "../vocabulary/octets";
import { MAX_FRAME_BYTES } from "../wire/frames";
import type { Answering } from "./connection";
import { otherFailureText } from "./failures";
import * as messages from "./messages";
import { CODES } from "./messages";
import { fieldBytes } from "./octet-fields";
import { fieldsOf, propertiesIn } from "./property-fields";

export class Buckets {
  constructor(
    private readonly session: FrontSession,
    private readonly options: FrontOptions,
  ) {}

  listKeys({ type, bucket, timeout }: messages.ListKeysFields, answering: Answering): void {
    const named = this.typeOf(type, answering);
    if (named === undefined || !isBucket(bucket, answering)) return;
    listKeys(this.session, named, bucket, timeout, {
      ...taking(answering),
      get abandoned() {
        return !answering.isOpen;
      },
      names: (keys, more) => answering.part(CODES.keysListed, messages.KEYS_LISTED, { keys }, more),
      done: () => answering.answer(CODES.keysListed, messages.KEYS_LISTED, { done: true }),
    });
  }

  /** In one answer where the client did not ask for a stream; as many as one answer can hold. */
  listBuckets({ type, timeout, stream }: messages.ListBucketsFields, answering: Answering): void {
    const named = this.typeOf(type, answering);
    if (named === undefined) return;
    const { bucketsListed } = CODES;
    if (stream === true) {
      listBuckets(this.session, named, timeout, {
        ...taking(answering),
        get abandoned() {
          return !answering.isOpen;
        },
        names: (buckets, more) => answering.part(bucketsListed, messages.BUCKETS_LISTED, { buckets }, more),
        done: () => answering.answer(bucketsListed, messages.BUCKETS_LISTED, { done: true }),
      });
      return;
    }
    const all: Octets[] = [];
    let bytes = 0;
    let tooMany = false;
    listBuckets(this.session, named, timeout, {
      ...taking(answering),
      get abandoned() {
        return tooMany || !answering.isOpen;
      },
      names: (buckets, more) => {
        for (const bucket of buckets) {
          all.push(bucket);
          bytes += fieldBytes(bucket);
        }
        tooMany = bytes > MAX_FRAME_BYTES / 2;
        if (tooMany) answering.fail("too many buckets for one answer: ask for a stream");
        else more();
      },
      done: () => answering.answer(bucketsListed, messages.BUCKETS_LISTED, { buckets: all }),
    });
  }

  get({ type = DEFAULT_TYPE, bucket }: messages.GetBucketFields, answering: Answering): void {
    if (isBucket(bucket, answering)) this.show(type, bucket, answering);
  }

  getType({ type }: messages.GetBucketTypeFields, answering: Answering): void {
    this.show(type, undefined, answering);
  }

  set({ type = DEFAULT_TYPE, bucket, properties }: messages.SetBucketFields, answering: Answering): void {
    const now = this.propertiesOf(type, bucket, answering);
    if (now === undefined || !isBucket(bucket, answering)) return;
    this.change(type, bucket, properties, now, answering);
  }

  setType({ type, properties }: messages.SetBucketTypeFields, answering: Answering): void {
    if (type === "") return answering.fail("Type cannot be zero-length");
    const { buckets } = this.options.node;
    // A new type starts from the cluster's own, and keeps siblings.
    const now = buckets.propertiesOf(type, undefined) ?? { ...buckets.cluster, siblings: "keep" };
    this.change(type, undefined, properties, now, answering);
  }

  reset({ type = DEFAULT_TYPE, bucket }: messages.GetBucketFields, answering: Answering): void {
    if (this.propertiesOf(type, bucket, answering) === undefined || !isBucket(bucket, answering)) return;
    this.ask({ verb: "reset", type, bucket, change: undefined }, CODES.bucketReset, answering);
  }

  private show(type: Octets, bucket: Octets | undefined, answering: Answering): void {
    const properties = this.propertiesOf(type, bucket, answering);
    if (properties === undefined) return;
    const fields = fieldsOf(riakProperties(properties, this.options.settings.engine, bucket));
    answering.answer(CODES.bucketProperties, messages.BUCKET_PROPERTIES, { properties: fields });
  }

  private change(
    type: Octets,
    bucket: Octets | undefined,
    fields: messages.BucketPropertyFields,
    now: BucketProperties,
    answering: Answering,
  ): void {
    const asked = changeOf(propertiesIn(fields), now, this.options.settings.engine, bucket);
    if ("problems" in asked) return answering.fail(`Invalid bucket properties: ${asked.problems.join("; ")}`);
    const { change }: { readonly change: BucketChange } = asked;
    this.ask({ verb: "set", type, bucket, change }, CODES.bucketSet, answering);
  }

  private ask(asked: BucketAsked, acknowledgement: number, answering: Answering): void {
    this.session.bucket(asked, ({ outcome, properties, reason }) => {
      if (!answering.isOpen) return;
      if (outcome === "ok") answering.acknowledge(acknowledgement);
      else if (outcome !== "invalid") answering.fail(otherFailureText(outcome, reason));
      else if (properties === undefined) answering.fail(reason === "" ? noType(asked.type) : reason);
      else answering.fail(`Invalid bucket properties: ${reason}`);
    });
  }

  /** Undefined: it was answered. */
  private propertiesOf(type: Octets, bucket: Octets | undefined, answering: Answering): BucketProperties | undefined {
    const properties = this.options.node.buckets.propertiesOf(type, bucket);
    if (properties === undefined) answering.fail(noType(type));
    return properties;
  }

  private typeOf(type: Octets = DEFAULT_TYPE, answering: Answering): Octets | undefined {
    if (this.options.node.buckets.hasType(type)) return type;
    answering.fail(noType(type));
    return undefined;
  }
}

export function noType(type: Octets): string {
  return `No bucket-type named '${type}'`;
}

function isBucket(bucket: Octets, answering: Answering): boolean {
  if (bucket !== "" && bucket.length <= MAX_BUCKET_BYTES) return true;
  answering.fail(
    bucket === "" ? "Bucket cannot be zero-length" : `bucket longer than ${String(MAX_BUCKET_BYTES)} bytes`,
  );
  return false;
}

function taking(answering: Answering): Pick<ListTaker, "failed"> {
  return { failed: ({ outcome, reason }) => answering.fail(otherFailureText(outcome, reason)) };
}
