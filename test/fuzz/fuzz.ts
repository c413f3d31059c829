/**
 * `npm run fuzz -- [--requests N] [--seed S] [--only http|pb]` sends a node process 100,000 requests that are drawn, spoilt and
 * mutated, over HTTP and over protocol buffers, and says what it answered. Exit code 1 when it answered wrongly, died, or kept
 * memory. A seed draws the same requests again; which of them meet in the node at one moment is the machine's to decide.
 */
import { ROUTES } from "../../engine/http/routes";
import { FuzzedNode } from "./fuzzed-node";
import { HttpFuzz } from "./http-fuzz";
import { PbFuzz } from "./pb-fuzz";

interface Options {
  readonly requests: number;
  readonly seed: number;
  readonly only: string | undefined;
}

const USAGE = "Usage: npm run fuzz -- [--requests N] [--seed S] [--only http|pb]";
const SAMPLES = 60;

function parse(args: readonly string[]): Options {
  let options: Options = { requests: 100_000, seed: Date.now() % 1_000_000, only: undefined };
  for (let i = 0; i < args.length; i += 2) {
    const value = args[i + 1] ?? "";
    const number = Number(value);
    const whole = Number.isSafeInteger(number) && number >= 0;
    if (args[i] === "--requests" && whole && number >= 600) options = { ...options, requests: number };
    else if (args[i] === "--seed" && whole) options = { ...options, seed: number };
    else if (args[i] === "--only" && (value === "http" || value === "pb")) options = { ...options, only: value };
    else throw new RangeError(`${args[i]} ${value}: no such option, or no value for it (at least 600 requests)`);
  }
  return options;
}

function table(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

async function fuzz(what: "HTTP" | "protocol buffers", { requests, seed }: Options): Promise<boolean> {
  const node = await FuzzedNode.start();
  try {
    console.log(`${what}: ${requests} requests, seed ${seed}`);
    const began = performance.now();
    const options = {
      seed,
      requests,
      sample: () => node.sample(),
      sampleEvery: Math.ceil(requests / SAMPLES),
      died: () => node.died(),
    };
    const fuzzer =
      what === "HTTP"
        ? new HttpFuzz({ ...options, routes: ROUTES, port: node.httpPort })
        : new PbFuzz({ ...options, port: node.pbPort });
    const report = await fuzzer.run();
    const seconds = (performance.now() - began) / 1_000;
    console.log(`  sent ${report.sent} in ${seconds.toFixed(0)} s; steps: ${table(report.steps)}`);
    console.log(`  answers: ${table(report.statuses)}`);
    console.log(`  the model: ${report.modelSteps} steps`);
    return judged(node, report.breaches);
  } finally {
    await node.end();
  }
}

function judged(node: FuzzedNode, breaches: readonly string[]): boolean {
  const all = [...breaches];
  const death = node.died();
  if (death !== undefined) all.unshift(`the node died: ${death}`);
  else {
    const { wrong, text } = node.memory();
    console.log(`  memory: ${text}`);
    if (wrong !== undefined) all.push(wrong);
  }
  for (const line of node.logs().slice(0, 20)) console.log(`  log: ${line}`);
  for (const one of all) console.error(`  WRONG ${one}`);
  return all.length === 0;
}

async function main(): Promise<void> {
  let options: Options;
  try {
    options = parse(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  let good = true;
  if (options.only !== "pb") good = (await fuzz("HTTP", options)) && good;
  if (options.only !== "http") good = (await fuzz("protocol buffers", options)) && good;
  process.exitCode = good ? 0 : 1;
}

void main();
