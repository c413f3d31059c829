/** Gives the core's octet strings Node's native latin-1 transcoding. Import it once per process, before any frame. */
import { installTranscoder } from "../vocabulary/octets";

// Node's Buffer has these on its prototype; they work on any byte array and are not in the public typings.
interface Latin1 {
  latin1Slice(from: number, to: number): string;
  latin1Write(text: string, at: number, length?: number): number;
}

const native = Buffer.prototype as unknown as Latin1;

installTranscoder({
  read: (bytes, from, to) => native.latin1Slice.call(bytes, from, to),
  write: (bytes, text, at) => {
    native.latin1Write.call(bytes, text, at);
  },
});
