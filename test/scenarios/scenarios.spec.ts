import { strict as assert } from "node:assert";
import { CLOCKS } from "../../engine/clocks/clock";
import { actual, expected, scenarioNames } from "./files";
import { BadScenario, parse, render } from "./script";
import { Stage } from "./stage";

/** What stands in one text and not in the other, around the first difference. */
function difference(was: string, is: string): string {
  const [before, after] = [was.split("\n"), is.split("\n")];
  let first = 0;
  while (first < before.length && before[first] === after[first]) first++;
  const excerpt = (lines: readonly string[], sign: string): string =>
    lines
      .slice(first, first + 12)
      .map((line) => `${sign} ${line}`)
      .join("\n");
  const context = before.slice(Math.max(0, first - 4), first).map((line) => `  ${line}`);
  return [...context, excerpt(before, "-"), excerpt(after, "+")].join("\n");
}

describe("golden scenarios", () => {
  for (const name of scenarioNames()) {
    it(name, () => {
      const [was, is] = [expected(name), actual(name)];
      assert.ok(
        was === is,
        `${name}.txt no longer happens as recorded; from the first difference on:\n${difference(was, is)}\n` +
          `If this is meant, npm run scenarios -- --record ${name}, and read the diff.`,
      );
    });
  }

  it("show concurrent writers under every clock", () => {
    const missing = [...CLOCKS.keys()].filter((clock) => !scenarioNames().includes(`concurrent-writers-${clock}`));
    assert.deepEqual(missing, [], "write test/scenarios/concurrent-writers-<clock>.txt and record it");
  });

  it("each leave a trace", () => {
    for (const name of scenarioNames()) assert.match(expected(name), /^ {4}/m, name);
  });

  it("name the line of a command that means nothing", () => {
    const stage = new Stage();
    const perform = (text: string): string => render(parse(text), (command) => stage.perform(command));
    assert.throws(() => perform("# prose\nput k v\n"), /line 2, "put k v": a scenario begins with `cluster`/);
    assert.throws(() => perform("cluster nodes=3\n\nfrob node-1\n"), /line 3, "frob node-1": no command "frob"/);
    assert.throws(() => perform("cluster nodes=3\nkill node-9\n"), BadScenario);
    assert.throws(() => perform("cluster nodes=3 speed=9\n"), /a cluster has no speed/);
    assert.throws(() => perform("cluster nodes=3\nrun 5 minutes\n"), /"5" is no length/);
  });

  it("keep what a person wrote and replace the trace alone", () => {
    const text = "# prose\n\ncluster nodes=1 n=1\n    an old line\nput k v via node-1\nrun\n# the end\n";
    const stage = new Stage();
    const rendered = render(parse(text), (command) => stage.perform(command));
    assert.ok(!rendered.includes("an old line"));
    assert.deepEqual(rendered.split("\n").filter((line) => !line.startsWith(" ")), text.split("\n").filter((line) => !line.startsWith(" "))); // prettier-ignore
    const again = new Stage();
    assert.equal(
      render(parse(rendered), (command) => again.perform(command)),
      rendered,
    );
  });
});
