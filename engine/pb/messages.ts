/**
 * The messages of Riak's protocol buffers interface, as records, as definitions for protobufjs and by their codes. Field
 * numbers are those of Riak's own `riak.proto` and `riak_kv.proto` (3.x line, with `node_confirms`); names never travel, so
 * ours are written as names here are. `bytes` are octet strings on our side, see `octet-fields.ts`.
 *
 * The trap: proto2 tells an absent field from one that is 0, and so must we (`r` left out is the bucket's, `r = 0` is not).
 * A decoded message says undefined for what was left out, and an empty list for what repeats.
 */
import { type IField, type INamespace, type IType, Root, type Type } from "protobufjs/light";
import type { Octets } from "../vocabulary/octets";

/** Message codes: the byte in front of every body. */
export const CODES = {
  error: 0,
  ping: 1,
  pong: 2,
  getClientId: 3,
  clientId: 4,
  setClientId: 5,
  clientIdSet: 6,
  getServerInfo: 7,
  serverInfo: 8,
  get: 9,
  got: 10,
  put: 11,
  stored: 12,
  delete: 13,
  deleted: 14,
  listBuckets: 15,
  bucketsListed: 16,
  listKeys: 17,
  keysListed: 18,
  getBucket: 19,
  bucketProperties: 20,
  setBucket: 21,
  bucketSet: 22,
  resetBucket: 29,
  bucketReset: 30,
  getBucketType: 31,
  setBucketType: 32,
  getPreferenceList: 33,
  preferenceList: 34,
  authenticate: 253,
  startTls: 255,
} as const;

export interface ErrorFields {
  readonly message: Octets;
  readonly code: number;
}

export interface ServerInfoFields {
  readonly node?: Octets;
  readonly version?: Octets;
}

export interface ClientIdFields {
  readonly clientId: Octets;
}

export interface PairFields {
  readonly key: Octets;
  readonly value?: Octets;
}

export interface LinkFields {
  readonly bucket?: Octets;
  readonly key?: Octets;
  readonly tag?: Octets;
}

/** A value with what is kept beside it. */
export interface ContentFields {
  readonly value: Octets;
  readonly contentType?: Octets;
  readonly charset?: Octets;
  readonly contentEncoding?: Octets;
  readonly vtag?: Octets;
  readonly links?: readonly LinkFields[];
  /** Seconds since 1970, and the microseconds beyond them. */
  readonly lastModified?: number;
  readonly lastModifiedMicros?: number;
  readonly userMeta?: readonly PairFields[];
  readonly indexes?: readonly PairFields[];
  readonly deleted?: boolean;
}

/** Where a key lies. */
export interface KeyFields {
  readonly bucket: Octets;
  readonly key: Octets;
  readonly type?: Octets;
}

/** What a request asks differently from its bucket's properties. Quorums may be words, see `quorum-words.ts`. */
export interface RequestFields {
  readonly timeout?: number;
  readonly sloppyQuorum?: boolean;
  readonly nVal?: number;
}

export interface GetFields extends KeyFields, RequestFields {
  readonly r?: number;
  readonly pr?: number;
  readonly basicQuorum?: boolean;
  readonly notfoundOk?: boolean;
  readonly ifModified?: Octets;
  readonly head?: boolean;
  readonly deletedClock?: boolean;
  readonly nodeConfirms?: number;
}

export interface GotFields {
  readonly content?: readonly ContentFields[];
  readonly clock?: Octets;
  readonly unchanged?: boolean;
}

export interface PutFields extends RequestFields {
  readonly bucket: Octets;
  readonly key?: Octets;
  readonly type?: Octets;
  readonly clock?: Octets;
  readonly content: ContentFields;
  readonly w?: number;
  readonly dw?: number;
  readonly pw?: number;
  readonly returnBody?: boolean;
  readonly ifNotModified?: boolean;
  readonly ifNoneMatch?: boolean;
  readonly returnHead?: boolean;
  readonly asIs?: boolean;
  readonly nodeConfirms?: number;
  readonly syncOnWrite?: Octets;
}

export interface StoredFields {
  readonly content?: readonly ContentFields[];
  readonly clock?: Octets;
  /** The one that was chosen for the client. */
  readonly key?: Octets;
}

export interface DeleteFields extends KeyFields, RequestFields {
  readonly rw?: number;
  readonly clock?: Octets;
  readonly r?: number;
  readonly w?: number;
  readonly pr?: number;
  readonly pw?: number;
  readonly dw?: number;
}

export interface ListBucketsFields {
  readonly timeout?: number;
  readonly stream?: boolean;
  readonly type?: Octets;
}

export interface BucketsListedFields {
  readonly buckets?: readonly Octets[];
  readonly done?: boolean;
}

export interface ListKeysFields {
  readonly bucket: Octets;
  readonly timeout?: number;
  readonly type?: Octets;
}

export interface KeysListedFields {
  readonly keys?: readonly Octets[];
  readonly done?: boolean;
}

export interface ModFunFields {
  readonly module: Octets;
  readonly function: Octets;
}

export interface CommitHookFields {
  readonly modfun?: ModFunFields;
  readonly name?: Octets;
}

/** Named as Riak's JSON names them, for that is how `engine/riak/properties.ts` reads and writes them. */
export interface BucketPropertyFields {
  readonly n_val?: number;
  readonly allow_mult?: boolean;
  readonly last_write_wins?: boolean;
  readonly precommit?: readonly CommitHookFields[];
  readonly has_precommit?: boolean;
  readonly postcommit?: readonly CommitHookFields[];
  readonly has_postcommit?: boolean;
  readonly chash_keyfun?: ModFunFields;
  readonly linkfun?: ModFunFields;
  readonly old_vclock?: number;
  readonly young_vclock?: number;
  readonly big_vclock?: number;
  readonly small_vclock?: number;
  readonly pr?: number;
  readonly r?: number;
  readonly w?: number;
  readonly pw?: number;
  readonly dw?: number;
  readonly rw?: number;
  readonly basic_quorum?: boolean;
  readonly notfound_ok?: boolean;
  readonly backend?: Octets;
  readonly search?: boolean;
  readonly repl?: number;
  readonly search_index?: Octets;
  readonly datatype?: Octets;
  readonly consistent?: boolean;
  readonly write_once?: boolean;
  readonly hll_precision?: number;
  readonly node_confirms?: number;
  readonly sync_on_write?: number;
  readonly aae_tree_exclude?: boolean;
}

export interface GetBucketFields {
  readonly bucket: Octets;
  readonly type?: Octets;
}

export interface BucketPropertiesFields {
  readonly properties: BucketPropertyFields;
}

export interface SetBucketFields extends GetBucketFields {
  readonly properties: BucketPropertyFields;
}

export interface GetBucketTypeFields {
  readonly type: Octets;
}

export interface SetBucketTypeFields {
  readonly type: Octets;
  readonly properties: BucketPropertyFields;
}

export interface PreferenceListFields {
  readonly entries?: readonly {
    readonly partition: number;
    readonly node: Octets;
    readonly primary: boolean;
  }[];
}

const required = (type: string, id: number): IField => ({ rule: "required", type, id });
const optional = (type: string, id: number): IField => ({ type, id });
const repeated = (type: string, id: number): IField => ({ rule: "repeated", type, id });
/** Of an enumeration: what number it is matters here, and no number is refused in decoding. */
const choice = (id: number): IField => ({ type: "int32", id });

/** As JSON a definition is taken for one of proto3, where zero is not told from nothing. */
const proto2 = (fields: Record<string, IField>): IType => ({ edition: "proto2", fields });

const DEFINITIONS: INamespace = {
  nested: {
    Error: proto2({ message: required("bytes", 1), code: required("uint32", 2) }),
    ServerInfo: proto2({ node: optional("bytes", 1), version: optional("bytes", 2) }),
    ClientId: proto2({ clientId: required("bytes", 1) }),
    Pair: proto2({ key: required("bytes", 1), value: optional("bytes", 2) }),
    Link: proto2({ bucket: optional("bytes", 1), key: optional("bytes", 2), tag: optional("bytes", 3) }),
    Content: proto2({
      value: required("bytes", 1),
      contentType: optional("bytes", 2),
      charset: optional("bytes", 3),
      contentEncoding: optional("bytes", 4),
      vtag: optional("bytes", 5),
      links: repeated("Link", 6),
      lastModified: optional("uint32", 7),
      lastModifiedMicros: optional("uint32", 8),
      userMeta: repeated("Pair", 9),
      indexes: repeated("Pair", 10),
      deleted: optional("bool", 11),
    }),
    Get: proto2({
      bucket: required("bytes", 1),
      key: required("bytes", 2),
      r: optional("uint32", 3),
      pr: optional("uint32", 4),
      basicQuorum: optional("bool", 5),
      notfoundOk: optional("bool", 6),
      ifModified: optional("bytes", 7),
      head: optional("bool", 8),
      deletedClock: optional("bool", 9),
      timeout: optional("uint32", 10),
      sloppyQuorum: optional("bool", 11),
      nVal: optional("uint32", 12),
      type: optional("bytes", 13),
      nodeConfirms: optional("uint32", 14),
    }),
    Got: proto2({ content: repeated("Content", 1), clock: optional("bytes", 2), unchanged: optional("bool", 3) }),
    Put: proto2({
      bucket: required("bytes", 1),
      key: optional("bytes", 2),
      clock: optional("bytes", 3),
      content: required("Content", 4),
      w: optional("uint32", 5),
      dw: optional("uint32", 6),
      returnBody: optional("bool", 7),
      pw: optional("uint32", 8),
      ifNotModified: optional("bool", 9),
      ifNoneMatch: optional("bool", 10),
      returnHead: optional("bool", 11),
      timeout: optional("uint32", 12),
      asIs: optional("bool", 13),
      sloppyQuorum: optional("bool", 14),
      nVal: optional("uint32", 15),
      type: optional("bytes", 16),
      nodeConfirms: optional("uint32", 17),
      syncOnWrite: optional("bytes", 18),
    }),
    Stored: proto2({ content: repeated("Content", 1), clock: optional("bytes", 2), key: optional("bytes", 3) }),
    Delete: proto2({
      bucket: required("bytes", 1),
      key: required("bytes", 2),
      rw: optional("uint32", 3),
      clock: optional("bytes", 4),
      r: optional("uint32", 5),
      w: optional("uint32", 6),
      pr: optional("uint32", 7),
      pw: optional("uint32", 8),
      dw: optional("uint32", 9),
      timeout: optional("uint32", 10),
      sloppyQuorum: optional("bool", 11),
      nVal: optional("uint32", 12),
      type: optional("bytes", 13),
    }),
    ListBuckets: proto2({ timeout: optional("uint32", 1), stream: optional("bool", 2), type: optional("bytes", 3) }),
    BucketsListed: proto2({ buckets: repeated("bytes", 1), done: optional("bool", 2) }),
    ListKeys: proto2({ bucket: required("bytes", 1), timeout: optional("uint32", 2), type: optional("bytes", 3) }),
    KeysListed: proto2({ keys: repeated("bytes", 1), done: optional("bool", 2) }),
    ModFun: proto2({ module: required("bytes", 1), function: required("bytes", 2) }),
    CommitHook: proto2({ modfun: optional("ModFun", 1), name: optional("bytes", 2) }),
    BucketProperty: proto2({
      n_val: optional("uint32", 1),
      allow_mult: optional("bool", 2),
      last_write_wins: optional("bool", 3),
      precommit: repeated("CommitHook", 4),
      has_precommit: optional("bool", 5),
      postcommit: repeated("CommitHook", 6),
      has_postcommit: optional("bool", 7),
      chash_keyfun: optional("ModFun", 8),
      linkfun: optional("ModFun", 9),
      old_vclock: optional("uint32", 10),
      young_vclock: optional("uint32", 11),
      big_vclock: optional("uint32", 12),
      small_vclock: optional("uint32", 13),
      pr: optional("uint32", 14),
      r: optional("uint32", 15),
      w: optional("uint32", 16),
      pw: optional("uint32", 17),
      dw: optional("uint32", 18),
      rw: optional("uint32", 19),
      basic_quorum: optional("bool", 20),
      notfound_ok: optional("bool", 21),
      backend: optional("bytes", 22),
      search: optional("bool", 23),
      repl: choice(24),
      search_index: optional("bytes", 25),
      datatype: optional("bytes", 26),
      consistent: optional("bool", 27),
      write_once: optional("bool", 28),
      hll_precision: optional("uint32", 29),
      node_confirms: optional("uint32", 30),
      sync_on_write: choice(31),
      aae_tree_exclude: optional("bool", 32),
    }),
    GetBucket: proto2({ bucket: required("bytes", 1), type: optional("bytes", 2) }),
    BucketProperties: proto2({ properties: required("BucketProperty", 1) }),
    SetBucket: proto2({
      bucket: required("bytes", 1),
      properties: required("BucketProperty", 2),
      type: optional("bytes", 3),
    }),
    GetBucketType: proto2({ type: required("bytes", 1) }),
    SetBucketType: proto2({ type: required("bytes", 1), properties: required("BucketProperty", 2) }),
    GetPreferenceList: proto2({ bucket: required("bytes", 1), key: required("bytes", 2), type: optional("bytes", 3) }),
    PreferenceListEntry: proto2({
      partition: required("int64", 1),
      node: required("bytes", 2),
      primary: required("bool", 3),
    }),
    PreferenceList: proto2({ entries: repeated("PreferenceListEntry", 1) }),
  },
};

/** A definition that knows what record it is of. */
export interface Definition<Fields> {
  readonly type: Type;
  /** Never there; for the compiler alone. */
  readonly fields?: Fields;
}

const root = Root.fromJSON(DEFINITIONS);

function definition<Fields>(name: string): Definition<Fields> {
  const type = root.lookupType(name);
  // protobufjs gives left out fields their type's zero by way of the prototype.
  const prototype = type.ctor.prototype as unknown as Record<string, unknown>;
  for (const field of type.fieldsArray) if (!field.repeated) prototype[field.name] = undefined;
  return { type: type.setup() };
}

/** Those inside others are set up before what holds them. */
export const PAIR = definition<PairFields>("Pair");
export const LINK = definition<LinkFields>("Link");
export const CONTENT = definition<ContentFields>("Content");
export const MOD_FUN = definition<ModFunFields>("ModFun");
export const COMMIT_HOOK = definition<CommitHookFields>("CommitHook");
export const BUCKET_PROPERTY = definition<BucketPropertyFields>("BucketProperty");
export const PREFERENCE_LIST_ENTRY = definition("PreferenceListEntry");
export const ERROR = definition<ErrorFields>("Error");
export const SERVER_INFO = definition<ServerInfoFields>("ServerInfo");
export const CLIENT_ID = definition<ClientIdFields>("ClientId");
export const GET = definition<GetFields>("Get");
export const GOT = definition<GotFields>("Got");
export const PUT = definition<PutFields>("Put");
export const STORED = definition<StoredFields>("Stored");
export const DELETE = definition<DeleteFields>("Delete");
export const LIST_BUCKETS = definition<ListBucketsFields>("ListBuckets");
export const BUCKETS_LISTED = definition<BucketsListedFields>("BucketsListed");
export const LIST_KEYS = definition<ListKeysFields>("ListKeys");
export const KEYS_LISTED = definition<KeysListedFields>("KeysListed");
export const GET_BUCKET = definition<GetBucketFields>("GetBucket");
export const BUCKET_PROPERTIES = definition<BucketPropertiesFields>("BucketProperties");
export const SET_BUCKET = definition<SetBucketFields>("SetBucket");
export const GET_BUCKET_TYPE = definition<GetBucketTypeFields>("GetBucketType");
export const SET_BUCKET_TYPE = definition<SetBucketTypeFields>("SetBucketType");
export const GET_PREFERENCE_LIST = definition<KeyFields>("GetPreferenceList");
export const PREFERENCE_LIST = definition<PreferenceListFields>("PreferenceList");
