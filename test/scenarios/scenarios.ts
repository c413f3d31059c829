/**
 * `npm run scenarios -- --record [name …]` writes what the code of today does into the golden files (all of them, or
 * those named; `digest` is the golden digest). The diff is then to be read line by line: it says what has changed for
 * users of the store. Without `--record` it says which files differ.
 */
import { actual, expected, record, scenarioNames } from "./files";
import { committedDigest, goldenDigest, recordDigest } from "./digest";

function main(args: readonly string[]): number {
  const names = args.filter((word) => word !== "--record");
  const known = [...scenarioNames(), "digest"];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0 || args.some((word) => word.startsWith("-") && word !== "--record")) {
    console.error(`Usage: npm run scenarios -- [--record] [name …]\nScenarios: ${known.join(", ")}`);
    return 2;
  }
  const chosen = names.length > 0 ? names : known;
  if (args.includes("--record")) {
    for (const name of chosen) {
      const changed = name === "digest" ? recordDigest() : record(name);
      console.log(`${changed ? "recorded " : "unchanged"}  ${name}`);
    }
    return 0;
  }
  let different = 0;
  for (const name of chosen) {
    const same =
      name === "digest"
        ? JSON.stringify(goldenDigest()) === JSON.stringify(committedDigest())
        : actual(name) === expected(name);
    console.log(`${same ? "as recorded" : "DIFFERS    "}  ${name}`);
    if (!same) different++;
  }
  return different > 0 ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
