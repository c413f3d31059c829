/**
 * What a tunable may hold: a scalar (`scalar-kinds.ts`) or a structure (`structures.ts`), and one checker for both. A field of a
 * structure is a scalar; were it any value, each of these files would have to be loaded before the others.
 */
import { checkScalar, scalarRangeText, type Checked, type ScalarKind, type Written } from "./scalar-kinds";
import { checkStructure, structureText, type StructureName } from "./structures";

export {
  isList,
  isMap,
  printWritten,
  QUORUM_WORDS,
  type Checked,
  type Fault,
  type ScalarKind,
  type Written,
} from "./scalar-kinds";

export type ValueKind = ScalarKind | { readonly kind: "structure"; readonly name: StructureName };

/** The range in words, for messages, `explain` and the reference. */
export function rangeText(kind: ValueKind): string {
  return kind.kind === "structure" ? structureText(kind.name) : scalarRangeText(kind);
}

/** Checks `value` against `kind`; messages read after the key's name: "is 5; …". */
export function checkValue(kind: ValueKind, value: Written): Checked {
  return kind.kind === "structure" ? checkStructure(kind.name, value) : checkScalar(kind, value);
}
