/** Exports of a run in memory, for tests: which files there would be, and what stands in them. */
import type { ExportFile, ExportPlan, ExportRequest } from "../../../results/export/format";
import { FORMATS } from "../../../results/export/formats";
import type { LoadedRun } from "../../../results/record/run-folder";

export async function planOf(run: LoadedRun, format: string, more: Partial<ExportRequest> = {}): Promise<ExportPlan> {
  return FORMATS.get(format)!.plan({
    ...{ run, oneTrial: false, eachTrial: false, operation: "read", outcome: "ok", basis: "response" },
    ...more,
  });
}

export async function bytesOf(file: ExportFile): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of file.pieces() as AsyncIterable<string | Uint8Array>) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** Texts by name. */
export async function textsOf(
  run: LoadedRun,
  format: string,
  more: Partial<ExportRequest> = {},
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const file of (await planOf(run, format, more)).files)
    texts.set(file.name, (await bytesOf(file)).toString("utf8"));
  return texts;
}
