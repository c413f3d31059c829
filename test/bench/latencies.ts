/** Counts latencies in steps of a microsecond up to 100 ms: cheap enough to sit inside the loop that is measured. */
export interface RecordableHistogram {
  record(micros: number): void;
  percentile(p: number): number;
}

const LIMIT = 100_000;

export function histogram(): RecordableHistogram {
  const counts = new Uint32Array(LIMIT + 1);
  let total = 0;
  return {
    record(micros) {
      counts[micros < LIMIT ? Math.floor(micros) : LIMIT]++;
      total++;
    },
    percentile(p) {
      let left = Math.ceil((total * p) / 100);
      for (let i = 0; i <= LIMIT; i++) {
        left -= counts[i];
        if (left <= 0) return i;
      }
      return LIMIT;
    },
  };
}
