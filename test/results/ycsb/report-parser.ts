/**
 * YCSB's report as those who consume it read it: lines of `[METRIC], name, value`, anything else passed over. Written from
 * the format's definition and from nothing of ours, so that it would notice if we wrote another.
 */

export type Report = ReadonlyMap<string, ReadonlyMap<string, string>>;

const LINE = /^\[(.+?)\], (.+?), (.+)$/;

export function parseReport(text: string): Report {
  const report = new Map<string, Map<string, string>>();
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, metric, name, value] = match;
    let values = report.get(metric);
    if (values === undefined) report.set(metric, (values = new Map<string, string>()));
    values.set(name, value);
  }
  return report;
}

/** A Java long: digits alone. */
export function longOf(report: Report, metric: string, name: string): number {
  const text = report.get(metric)?.get(name) ?? "missing";
  if (!/^-?\d+$/.test(text)) throw new Error(`[${metric}], ${name} is ${text}, not a long`);
  return Number(text);
}

/** A Java double: a point or an exponent, or NaN. */
export function doubleOf(report: Report, metric: string, name: string): number {
  const text = report.get(metric)?.get(name) ?? "missing";
  if (!/^(-?\d+\.\d+(E-?\d+)?|NaN)$/.test(text)) throw new Error(`[${metric}], ${name} is ${text}, not a double`);
  return Number(text);
}

/** `Return=…` of an operation, by status. */
export function returnsOf(report: Report, metric: string): Readonly<Record<string, number>> {
  const returns: Record<string, number> = {};
  for (const [name, value] of report.get(metric) ?? [])
    if (name.startsWith("Return=")) returns[name.slice("Return=".length)] = Number(value);
  return returns;
}
