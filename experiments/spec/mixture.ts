/** What a mix other than YCSB's brings of a workload, and what it has in place of YCSB's records. */
import type { LengthSettings, MixSettings, MixtureSettings, RecordSettings } from "../../workloads/settings";

export interface Mixture {
  readonly name: string;
  readonly mixture: MixtureSettings;
  readonly mix: MixSettings;
  readonly records: RecordSettings;
  /** Where it is not the bench's own. */
  readonly bucket?: string;
  readonly notes?: readonly string[];
}

export const NOTHING: MixSettings = { read: 0, update: 0, insert: 0, scan: 0, rmw: 0, delete: 0, blindWrite: 0 };

/** Of the keys there are; the mix chooses and fills them by itself. */
export function recordsOf(
  count: number,
  fieldLength: LengthSettings = { dist: "constant", bytes: 0 },
  loaded = count,
): RecordSettings {
  return {
    recordCount: count,
    insertStart: 0,
    insertCount: loaded,
    operationCount: 0,
    chooser: { name: "uniform" },
    keyPrefix: "",
    hashedOrder: false,
    zeroPadding: 1,
    fieldCount: 1,
    fieldLength,
    fieldNamePrefix: "field",
    writeAllFields: true,
    readAllFields: true,
    scan: { min: 1, max: 1, dist: "uniform" },
    dataIntegrity: true,
  };
}
