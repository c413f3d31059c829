/**
 * What a client may ask, as one closed union: a frame's code and body become a request here, or are refused. A code that
 * Riak knows and this front end does not (map-reduce, secondary indexes, counters, data types, search, time series,
 * security) is a request too, an *unknown* one: it is answered with an error and its body is not looked at, so that a client
 * which tries is told so and goes on.
 */
import type { ByteReader } from "../vocabulary/octets";
import * as messages from "./messages";
import { CODES } from "./messages";
import { decodeMessage } from "./octet-fields";

export type Request =
  | { readonly kind: "ping" }
  | { readonly kind: "get-client-id" }
  | { readonly kind: "set-client-id"; readonly fields: messages.ClientIdFields }
  | { readonly kind: "server-info" }
  | { readonly kind: "get"; readonly fields: messages.GetFields }
  | { readonly kind: "put"; readonly fields: messages.PutFields }
  | { readonly kind: "delete"; readonly fields: messages.DeleteFields }
  | { readonly kind: "list-buckets"; readonly fields: messages.ListBucketsFields }
  | { readonly kind: "list-keys"; readonly fields: messages.ListKeysFields }
  | { readonly kind: "get-bucket"; readonly fields: messages.GetBucketFields }
  | { readonly kind: "set-bucket"; readonly fields: messages.SetBucketFields }
  | { readonly kind: "reset-bucket"; readonly fields: messages.GetBucketFields }
  | { readonly kind: "get-bucket-type"; readonly fields: messages.GetBucketTypeFields }
  | { readonly kind: "set-bucket-type"; readonly fields: messages.SetBucketTypeFields }
  | { readonly kind: "preference-list"; readonly fields: messages.KeyFields }
  | { readonly kind: "unknown"; readonly code: number }
  | { readonly kind: "malformed"; readonly reason: string };

/** A frame's content: the code, then the message. @throws MalformedBytes */
export function decodeRequest(frame: ByteReader): Request {
  const code = frame.u8();
  const { bytes, at, end } = frame;
  const body = <Fields>(definition: messages.Definition<Fields>): Fields => decodeMessage(definition, bytes, at, end);
  switch (code) {
    case CODES.get:
      return { kind: "get", fields: body(messages.GET) };
    case CODES.put:
      return { kind: "put", fields: body(messages.PUT) };
    case CODES.delete:
      return { kind: "delete", fields: body(messages.DELETE) };
    case CODES.ping:
      return { kind: "ping" };
    case CODES.getClientId:
      return { kind: "get-client-id" };
    case CODES.setClientId:
      return { kind: "set-client-id", fields: body(messages.CLIENT_ID) };
    case CODES.getServerInfo:
      return { kind: "server-info" };
    case CODES.listBuckets:
      return { kind: "list-buckets", fields: body(messages.LIST_BUCKETS) };
    case CODES.listKeys:
      return { kind: "list-keys", fields: body(messages.LIST_KEYS) };
    case CODES.getBucket:
      return { kind: "get-bucket", fields: body(messages.GET_BUCKET) };
    case CODES.setBucket:
      return { kind: "set-bucket", fields: body(messages.SET_BUCKET) };
    case CODES.resetBucket:
      return { kind: "reset-bucket", fields: body(messages.GET_BUCKET) };
    case CODES.getBucketType:
      return { kind: "get-bucket-type", fields: body(messages.GET_BUCKET_TYPE) };
    case CODES.setBucketType:
      return { kind: "set-bucket-type", fields: body(messages.SET_BUCKET_TYPE) };
    case CODES.getPreferenceList:
      return { kind: "preference-list", fields: body(messages.GET_PREFERENCE_LIST) };
    default:
      // What is an answer's code, or nobody's, is no request and no harm either.
      return { kind: "unknown", code };
  }
}

/** Long enough for whatever a client makes up, short enough to keep for each connection. */
export const MAX_CLIENT_ID_BYTES = 255;
