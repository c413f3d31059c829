/**
 * A key's full name. Keys are (bucket type, bucket, key) from the first day, because bucket properties, listing and
 * scans need them; inside the engine the three travel as one octet string, the *address*, which is what is hashed,
 * stored and compared. Layout: one length byte and the type, two length bytes and the bucket, then the key; so the
 * addresses of one bucket share a prefix and sort by key.
 */
import type { Octets } from "./octets";

export interface KeyName {
  readonly type: Octets;
  readonly bucket: Octets;
  readonly key: Octets;
}

/** An encoded {@link KeyName}. */
export type Address = Octets;

export const MAX_TYPE_BYTES = 255;
export const MAX_BUCKET_BYTES = 65_535;
/** Together with a bound on values this bounds a frame. */
export const MAX_KEY_BYTES = 65_535;

/** The part of an address that all keys of one bucket share. Throws RangeError when a name is too long. */
export function bucketPrefix(type: Octets, bucket: Octets): Octets {
  if (type.length > MAX_TYPE_BYTES) throw new RangeError(`bucket type longer than ${MAX_TYPE_BYTES} bytes`);
  if (bucket.length > MAX_BUCKET_BYTES) throw new RangeError(`bucket longer than ${MAX_BUCKET_BYTES} bytes`);
  return (
    String.fromCharCode(type.length) + type + String.fromCharCode(bucket.length >>> 8, bucket.length & 0xff) + bucket
  );
}

export function encodeAddress(name: KeyName): Address {
  if (name.key.length > MAX_KEY_BYTES) throw new RangeError(`key longer than ${MAX_KEY_BYTES} bytes`);
  return bucketPrefix(name.type, name.bucket) + name.key;
}

/** Whether this is the address of a bucket's empty key: what the addresses of all its keys begin with. */
export function isBucketPrefix(prefix: Octets): boolean {
  return decodeAddress(prefix)?.key === "";
}

/** The part of an address that all buckets of one type share. Throws RangeError when the name is too long. */
export function typePrefix(type: Octets): Octets {
  if (type.length > MAX_TYPE_BYTES) throw new RangeError(`bucket type longer than ${MAX_TYPE_BYTES} bytes`);
  return String.fromCharCode(type.length) + type;
}

/** Whether this is what {@link typePrefix} makes. No bucket's prefix is, nor the other way around: those are two bytes longer. */
export function isTypePrefix(prefix: Octets): boolean {
  return prefix.length > 0 && prefix.length === 1 + prefix.charCodeAt(0);
}

/** The first octets in order that come after all which begin with `prefix`; empty where there are none. */
export function afterPrefix(prefix: Octets): Octets {
  let length = prefix.length;
  while (length > 0 && prefix.charCodeAt(length - 1) === 0xff) length--;
  return length === 0 ? "" : prefix.slice(0, length - 1) + String.fromCharCode(prefix.charCodeAt(length - 1) + 1);
}

/** Whether {@link decodeAddress} would find a key; makes no garbage. */
export function isAddress(address: Octets): boolean {
  const { length } = address;
  if (length < 3) return false;
  const typeEnd = 1 + address.charCodeAt(0);
  if (length < typeEnd + 2) return false;
  const bucketEnd = typeEnd + 2 + ((address.charCodeAt(typeEnd) << 8) | address.charCodeAt(typeEnd + 1));
  return length >= bucketEnd && length - bucketEnd <= MAX_KEY_BYTES;
}

/** The three parts, or undefined when `address` is not the encoding of any key. */
export function decodeAddress(address: Address): KeyName | undefined {
  if (address.length < 3) return undefined;
  const typeEnd = 1 + address.charCodeAt(0);
  if (address.length < typeEnd + 2) return undefined;
  const bucketEnd = typeEnd + 2 + ((address.charCodeAt(typeEnd) << 8) | address.charCodeAt(typeEnd + 1));
  if (address.length < bucketEnd) return undefined;
  const key = address.slice(bucketEnd);
  if (key.length > MAX_KEY_BYTES) return undefined;
  return { type: address.slice(1, typeEnd), bucket: address.slice(typeEnd + 2, bucketEnd), key };
}
