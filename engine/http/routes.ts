/**
 * Every operation of the HTTP API, a row each. What Riak has and is not here (link walking, map-reduce, secondary index queries,
 * data types, counters, the trees of anti-entropy) has no row and is answered 404.
 */
import { ping, resources } from "./front-page";
import { readBuckets, readKeys, readOldBucket } from "./listings";
import { createObject, deleteObject, readObject, storeObject } from "./objects";
import { MAX_TIMEOUT_MS, SYNC_WORDS } from "./options";
import { readBucketProps, readTypeProps, resetBucketProps, writeBucketProps, writeTypeProps } from "./props";
import type { Parameter, RequestHeader, Route, Status } from "./route";
import { readStats } from "./stats";

// ---- parameters ------------------------------------------------------------------------------------------------------

const quorum = (name: string, prose: string): Parameter => ({ name, kind: { kind: "quorum" }, prose });
const flag = (name: string, prose: string): Parameter => ({ name, kind: { kind: "boolean" }, prose });

const R = quorum("r", "Replicas that must answer the read.");
const PR = quorum("pr", "Of those, primaries.");
const W = quorum("w", "Replicas that must have received the write.");
const DW = quorum("dw", "Replicas that must have stored it.");
const PW = quorum("pw", "Primaries that must have received it.");
const RW = quorum("rw", "Of a delete, for r, w and dw where they are not named.");
const NODE_CONFIRMS = quorum("node_confirms", "Distinct nodes that must have answered.");
const BASIC_QUORUM = flag("basic_quorum", "A majority of absences or failures ends a read early.");
const NOTFOUND_OK = flag("notfound_ok", "Absence counts towards r.");
const ASIS = flag("asis", "Accepted; every write here is an event of its own.");
const SYNC: Parameter = {
  name: "sync_on_write",
  kind: { kind: "word", values: SYNC_WORDS },
  prose: "Accepted; how writes are synced is the experiment's to decide.",
};
const TIMEOUT: Parameter = {
  name: "timeout",
  kind: { kind: "integer", min: 1, max: MAX_TIMEOUT_MS },
  prose: "Milliseconds until the store gives up.",
};
const RETURNBODY: Parameter = {
  name: "returnbody",
  kind: { kind: "word", values: ["true", "false"] },
  prose: "`true`: the answer is the object as it is after the write. Any other word is `false`, as in Riak.",
};
const VTAG: Parameter = { name: "vtag", kind: { kind: "text" }, prose: "The one sibling to return, by its tag." };
const KEYS: Parameter = {
  name: "keys",
  kind: { kind: "word", values: ["true", "stream", "false"] },
  prose: "Whether to list keys, and whether as a stream of JSON objects.",
};
const PROPS: Parameter = {
  name: "props",
  kind: { kind: "word", values: ["true", "false"] },
  prose: "`false`: without the bucket's properties.",
};
const BUCKETS: Parameter = {
  name: "buckets",
  kind: { kind: "word", values: ["true", "stream", "false"] },
  prose: "Whether to list buckets, and whether as a stream of JSON objects.",
};

const READING = [R, PR, NODE_CONFIRMS, BASIC_QUORUM, NOTFOUND_OK, TIMEOUT];
const WRITING = [W, DW, PW, NODE_CONFIRMS, ASIS, SYNC, TIMEOUT, RETURNBODY];

// ---- headers ---------------------------------------------------------------------------------------------------------

const header = (name: string, example: string, prose: string): RequestHeader => ({ name, example, prose });

const ACCEPT = header("Accept", "multipart/mixed, */*;q=0.9", "Media types that can be read.");
const ACCEPT_CHARSET = header("Accept-Charset", "utf-8", "Charsets that can be read.");
const ACCEPT_ENCODING = header(
  "Accept-Encoding",
  "identity",
  "Encodings that can be read; nothing is compressed here.",
);
const IF_MATCH = header("If-Match", '"0000000CA"', "Only if the object has one of these tags; `*`: if there is one.");
const IF_NONE_MATCH = header("If-None-Match", "*", "Only if it has none of these tags; `*`: if there is none.");
const IF_MODIFIED = header("If-Modified-Since", "Mon, 02 Jan 2023 10:00:00 GMT", "Only if it was written after that.");
const IF_UNMODIFIED = header("If-Unmodified-Since", "Mon, 02 Jan 2023 10:00:00 GMT", "Only if it was not.");
const VCLOCK = header("X-Riak-Vclock", "AQEBAQ==", "What the client has seen: the header of an earlier answer.");
const IF_NOT_MODIFIED = header("X-Riak-If-Not-Modified", "AQEBAQ==", "Only if the object is at this vclock (PUT).");
const CLIENT_ID = header("X-Riak-ClientId", "AAAAAQ==", "Accepted and of no effect.");
const WRITE_ID = header(
  "X-Quorumlab-Write-Id",
  "4294967297",
  "Not Riak's: the id that names this write in an experiment.",
);

const NEGOTIATED = [ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING];
const STORED: readonly RequestHeader[] = [
  {
    name: "Content-Type",
    required: true,
    example: "text/plain; charset=utf-8",
    prose: "Stored with the value; its charset as well.",
  },
  header("Content-Encoding", "gzip", "Stored with the value."),
  header("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==", "Base64 of the body's MD5, which is tested."),
  header(
    "Link",
    '</buckets/people/keys/ada>; riaktag="friend"',
    'Stored; a link `rel="up"` to the bucket is tolerated.',
  ),
  header("X-Riak-Meta-*", "anything", "Stored, and returned with the object."),
  header("X-Riak-Index-*", "42", "Stored, and returned with the object; names end in `_bin` or `_int`."),
];

// ---- statuses --------------------------------------------------------------------------------------------------------

const status = (code: number, meaning: string): Status => ({ code, meaning });

const MALFORMED = status(400, "A parameter, header or body that is malformed, or a quorum above N.");
const FORBIDDEN = status(403, "A null Origin, an Origin, Referer or Host of another place.");
const UNKNOWN_TYPE = status(404, "There is no such bucket type.");
const NOT_FOUND = status(
  404,
  "No such key, tag or bucket type; with X-Riak-Deleted and a vclock where it was deleted.",
);
const NOT_ACCEPTABLE = status(406, "Accept, Accept-Charset or Accept-Encoding leave nothing.");
const FAILED_CONDITION = status(412, "If-Match, If-None-Match or If-Unmodified-Since does not hold.");
const CONFLICT = status(409, "X-Riak-If-Not-Modified names another vclock, or there is no object (PUT).");
const TOO_LARGE = status(413, "A body that is longer than the limit, or an object that no message could hold.");
const NOT_STORABLE = status(415, "Content-Type is not type/subtype; properties that are not JSON.");
const FAILED = status(500, "The node is overloaded, too few nodes are up, or there are too many siblings.");
const UNSATISFIED = status(503, "Timeout, or a quorum that was not satisfied; a write may have happened.");

const OBJECT_PATHS = [
  "/buckets/{bucket}/keys/{key}",
  "/types/{type}/buckets/{bucket}/keys/{key}",
  "/riak/{bucket}/{key}",
];
const KEYS_PATHS = ["/buckets/{bucket}/keys", "/types/{type}/buckets/{bucket}/keys"];
const PROPS_PATHS = ["/buckets/{bucket}/props", "/types/{type}/buckets/{bucket}/props"];

export const ROUTES: readonly Route[] = [
  {
    name: "readObject",
    summary: "Reads an object: its value, or its siblings as a list of tags or as one multipart body.",
    paths: OBJECT_PATHS,
    methods: ["GET", "HEAD"],
    parameters: [...READING, VTAG],
    headers: [...NEGOTIATED, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED, IF_UNMODIFIED, CLIENT_ID],
    statuses: [
      status(200, "The object, or the sibling that was asked for."),
      status(300, "Siblings: a list of tags, or multipart/mixed."),
      status(304, "If-None-Match names its tag, or it was not modified since."),
      MALFORMED,
      FORBIDDEN,
      NOT_FOUND,
      NOT_ACCEPTABLE,
      status(412, "If-Match or If-Unmodified-Since does not hold."),
      FAILED,
      UNSATISFIED,
    ],
    handler: readObject,
  },
  {
    name: "storeObject",
    summary:
      "Stores an object, over what its vclock has seen. Conditions are tested by a separate read before: not atomic.",
    paths: OBJECT_PATHS,
    methods: ["PUT", "POST"],
    parameters: [...WRITING, R, PR, BASIC_QUORUM, NOTFOUND_OK],
    headers: [
      ...STORED,
      VCLOCK,
      ...NEGOTIATED,
      IF_MATCH,
      IF_NONE_MATCH,
      IF_UNMODIFIED,
      IF_NOT_MODIFIED,
      CLIENT_ID,
      WRITE_ID,
    ],
    body: "octets",
    statuses: [
      status(200, "Stored; the object, where `returnbody=true`."),
      status(204, "Stored."),
      status(300, "Stored; its siblings, where `returnbody=true`."),
      MALFORMED,
      FORBIDDEN,
      UNKNOWN_TYPE,
      NOT_ACCEPTABLE,
      CONFLICT,
      FAILED_CONDITION,
      TOO_LARGE,
      NOT_STORABLE,
      FAILED,
      UNSATISFIED,
    ],
    handler: storeObject,
  },
  {
    name: "createObject",
    summary: "Stores an object under a key that the server chooses.",
    paths: [...KEYS_PATHS, "/riak/{bucket}"],
    methods: ["POST"],
    parameters: WRITING,
    headers: [...STORED, ...NEGOTIATED, IF_MATCH, CLIENT_ID, WRITE_ID],
    body: "octets",
    statuses: [
      status(201, "Stored; Location names the key."),
      MALFORMED,
      FORBIDDEN,
      UNKNOWN_TYPE,
      NOT_ACCEPTABLE,
      status(412, "If-Match: there is no object yet."),
      TOO_LARGE,
      NOT_STORABLE,
      FAILED,
      UNSATISFIED,
    ],
    handler: createObject,
  },
  {
    name: "deleteObject",
    summary: "Deletes an object: over what its vclock has seen, or, without one, over what a read finds.",
    paths: OBJECT_PATHS,
    methods: ["DELETE"],
    parameters: [R, PR, W, DW, PW, RW, NODE_CONFIRMS, BASIC_QUORUM, NOTFOUND_OK, SYNC, TIMEOUT],
    headers: [VCLOCK, ACCEPT, IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED, CLIENT_ID, WRITE_ID],
    statuses: [
      status(204, "Deleted."),
      MALFORMED,
      FORBIDDEN,
      status(404, "There is no such type; or no such key, where no vclock was given."),
      NOT_ACCEPTABLE,
      FAILED_CONDITION,
      FAILED,
      UNSATISFIED,
    ],
    handler: deleteObject,
  },
  {
    name: "readKeys",
    summary: "Lists the keys of a bucket.",
    paths: KEYS_PATHS,
    methods: ["GET", "HEAD"],
    parameters: [KEYS, TIMEOUT],
    headers: [ACCEPT],
    statuses: [
      status(200, "The keys; a stream may end with an error."),
      MALFORMED,
      FORBIDDEN,
      UNKNOWN_TYPE,
      NOT_ACCEPTABLE,
      FAILED,
      UNSATISFIED,
    ],
    handler: readKeys,
  },
  {
    name: "readOldBucket",
    summary: "Properties and keys of a bucket, on the oldest paths.",
    paths: ["/riak/{bucket}"],
    methods: ["GET", "HEAD"],
    parameters: [KEYS, PROPS, TIMEOUT],
    headers: [ACCEPT],
    statuses: [
      status(200, "Properties, keys or both."),
      MALFORMED,
      FORBIDDEN,
      status(404, "Neither was wanted."),
      NOT_ACCEPTABLE,
      FAILED,
      UNSATISFIED,
    ],
    handler: readOldBucket,
  },
  {
    name: "readBucketProps",
    summary: "Reads the properties of a bucket.",
    paths: PROPS_PATHS,
    methods: ["GET", "HEAD"],
    parameters: [],
    headers: [ACCEPT],
    statuses: [status(200, "The properties."), FORBIDDEN, UNKNOWN_TYPE, NOT_ACCEPTABLE],
    handler: readBucketProps,
  },
  {
    name: "writeBucketProps",
    summary: "Changes properties of a bucket.",
    paths: [...PROPS_PATHS, "/riak/{bucket}"],
    methods: ["PUT"],
    parameters: [],
    headers: [
      { name: "Content-Type", required: true, example: "application/json", prose: "JSON and nothing else." },
      ACCEPT,
    ],
    body: "json",
    statuses: [
      status(204, "Changed, and known to all nodes that are up."),
      status(400, "Not JSON, or a property that cannot be so; the body says why."),
      FORBIDDEN,
      UNKNOWN_TYPE,
      NOT_ACCEPTABLE,
      TOO_LARGE,
      NOT_STORABLE,
      FAILED,
      UNSATISFIED,
    ],
    handler: writeBucketProps,
  },
  {
    name: "resetBucketProps",
    summary: "Gives a bucket the properties of its type again.",
    paths: PROPS_PATHS,
    methods: ["DELETE"],
    parameters: [],
    headers: [ACCEPT],
    statuses: [status(204, "Done."), FORBIDDEN, UNKNOWN_TYPE, NOT_ACCEPTABLE, FAILED, UNSATISFIED],
    handler: resetBucketProps,
  },
  {
    name: "readTypeProps",
    summary: "Reads the properties of a bucket type.",
    paths: ["/types/{type}/props"],
    methods: ["GET", "HEAD"],
    parameters: [],
    headers: [ACCEPT],
    statuses: [status(200, "The properties."), FORBIDDEN, UNKNOWN_TYPE, NOT_ACCEPTABLE],
    handler: readTypeProps,
  },
  {
    name: "writeTypeProps",
    summary: "Changes properties of a bucket type, and creates it where there is none.",
    paths: ["/types/{type}/props"],
    methods: ["PUT"],
    parameters: [],
    headers: [
      { name: "Content-Type", required: true, example: "application/json", prose: "JSON and nothing else." },
      ACCEPT,
    ],
    body: "json",
    statuses: [
      status(204, "Changed, and known to all nodes that are up."),
      status(400, "Not JSON, or a property that cannot be so; the body says why."),
      FORBIDDEN,
      NOT_ACCEPTABLE,
      TOO_LARGE,
      NOT_STORABLE,
      FAILED,
      UNSATISFIED,
    ],
    handler: writeTypeProps,
  },
  {
    name: "readBuckets",
    summary: "Lists the buckets of a type that have keys.",
    paths: ["/buckets", "/types/{type}/buckets", "/riak"],
    methods: ["GET", "HEAD"],
    parameters: [BUCKETS, TIMEOUT],
    headers: [ACCEPT],
    statuses: [
      status(200, "The buckets; a stream may end with an error."),
      MALFORMED,
      FORBIDDEN,
      UNKNOWN_TYPE,
      NOT_ACCEPTABLE,
      FAILED,
      UNSATISFIED,
    ],
    handler: readBuckets,
  },
  {
    name: "ping",
    summary: "Says that the node is there.",
    paths: ["/ping"],
    methods: ["GET", "HEAD"],
    parameters: [],
    headers: [],
    statuses: [status(200, "`OK`"), FORBIDDEN, NOT_ACCEPTABLE],
    handler: ping,
  },
  {
    name: "readStats",
    summary: "Counters and times of this node.",
    paths: ["/stats"],
    methods: ["GET", "HEAD"],
    parameters: [],
    headers: [ACCEPT],
    statuses: [status(200, "Statistics as JSON or as text."), FORBIDDEN, NOT_ACCEPTABLE],
    handler: readStats,
  },
  {
    name: "resources",
    summary: "What else can be asked for.",
    paths: ["/"],
    methods: ["GET", "HEAD"],
    parameters: [],
    headers: [ACCEPT],
    statuses: [status(200, "Links, as HTML or JSON."), FORBIDDEN, NOT_ACCEPTABLE],
    handler: resources,
  },
];

/** What any request may be answered with, before or instead of what its row says. */
export const ANY_REQUEST: readonly Status[] = [
  status(400, "No HTTP, or a path with malformed percent-encoding."),
  status(404, "No such path."),
  status(405, "The path is there, the method is not: Allow names those that are."),
  status(408, "The request was not there in time."),
  status(414, "A target that is longer than the limit."),
  status(431, "Headers that are longer than the limit."),
  status(500, "A mistake of this server, named in its log."),
  status(501, "A method that is none of HTTP's own, or a transfer encoding other than chunked."),
  status(503, "The node is about to end."),
];
