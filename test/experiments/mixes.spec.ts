/** Mixes in the experiment file: what they come to, and every mistake with its place. */
import assert from "node:assert/strict";
import type { WorkloadSettings } from "../../workloads/settings";
import { READY_SCRIPTS } from "../../engine/vocabulary/written-scripts";
import { explanations } from "../../experiments/cli/explain";
import { errorsOf, experimentOf, problemsOf } from "./problems-of";

const workloadOf = (workload: string, rest = ""): WorkloadSettings =>
  experimentOf(`workload: ${workload}\n${rest}`).cells[0].workload;

const STEP_FORM = 'a step is "<client> <verb> <key>" (such as "a put x"), "wait 200ms" or {repeat: 50, steps: […]}';
const VERBS = "Verbs: put, get, delete, blind-put, blind-delete";

describe("a script in an experiment file", () => {
  it("is one operation at a time by the clients that it names, without a preload", () => {
    const workload = workloadOf(
      "\n  mix_name: scripted\n  script:\n    - a put x\n    - {repeat: 3, steps: [b blind-put x, wait 5ms, a get y]}\n    - c delete x",
    );
    assert.deepEqual(workload.load, {
      model: "closed",
      clients: 3,
      oneAtATime: true,
      think: undefined,
      targetPerSecond: undefined,
    });
    assert.equal(workload.preload, false);
    assert.deepEqual(workload.mixture, {
      name: "scripted",
      steps: [
        { kind: "ask", client: "a", verb: "put", key: "x" },
        {
          kind: "repeat",
          times: 3,
          steps: [
            { kind: "ask", client: "b", verb: "blind-put", key: "x" },
            { kind: "wait", ms: 5 },
            { kind: "ask", client: "a", verb: "get", key: "y" },
          ],
        },
        { kind: "ask", client: "c", verb: "delete", key: "x" },
      ],
    });
    assert.deepEqual(workload.mix, { read: 3, update: 1, insert: 0, scan: 0, rmw: 0, delete: 1, blindWrite: 3 });
  });

  it("may be a ready one by its name, and an axis", () => {
    for (const name of READY_SCRIPTS.keys())
      assert.equal(workloadOf(`{mix_name: scripted, script: ${name}}`).name, `script ${name}`);
    const { cells } = experimentOf(
      "workload: {mix_name: scripted}\nsweep: {axes: {workload.script: [explosion-1, explosion-2]}}",
    );
    assert.deepEqual(
      cells.map(({ id }) => id),
      ["script-explosion-1", "script-explosion-2"],
    );
  });

  it("needs no time to pass in the simulation, as it has an end", () => {
    const text = "world: simulation\nworkload: {mix_name: scripted, script: explosion-1}\ntunables: {w: 1, r: 1}";
    assert.deepEqual(errorsOf(text), []);
  });

  it("is told every wrong step at once, with its place", () => {
    const text = [
      "workload:",
      "  mix_name: scripted",
      "  script:",
      "    - a putt x",
      "    - a put",
      "    - b get x",
      "    - repeat: 0",
      "      steps: [a get x, wait 5, b fetch x]",
      "    - {repeat: 2, step: [a get x]}",
      "    - {repeat: 2, steps: []}",
      "    - a!b get x",
      "    - 7",
    ].join("\n");
    assert.deepEqual(errorsOf(text), [
      `4:7 workload.script.0 is "a putt x"; there is no verb "putt"; did you mean "put"? ${VERBS}`,
      `5:7 workload.script.1 is "a put"; ${STEP_FORM}`,
      "7:15 workload.script.3.repeat is 0; allowed: an integer from 1 to 100000",
      '8:24 workload.script.3.steps.1 is "wait 5"; a wait is at most an hour and has a unit, such as wait 200ms',
      `8:32 workload.script.3.steps.2 is "b fetch x"; there is no verb "fetch"; ${VERBS}`,
      `9:7 workload.script.4 lacks steps; ${STEP_FORM}`,
      '9:19 workload.script.4.step is no part of a repetition; did you mean "steps"?',
      "10:26 workload.script.5.steps is []; it is a list of at least one step",
      '11:7 workload.script.6 is "a!b get x"; "a!b" is no name for a client; allowed: up to 32 letters, digits, - and _',
      `12:7 workload.script.7 is 7; ${STEP_FORM}`,
    ]);
  });

  it("is refused empty, endless, without a question, under an unknown name, and when it is missing", () => {
    const told = (workload: string): readonly string[] => errorsOf(`workload: ${workload}`);
    assert.deepEqual(told("{mix_name: scripted, script: []}"), [`1:40 workload.script has no steps; ${STEP_FORM}`]);
    assert.deepEqual(
      told("{mix_name: scripted, script: [{repeat: 1000, steps: [{repeat: 1000, steps: [a put x]}]}]}"),
      ["1:40 workload.script makes 1000000 steps once repetitions are written out; allowed: at most 100000"],
    );
    assert.deepEqual(told("{mix_name: scripted, script: [wait 1s]}"), [
      `1:40 workload.script asks nothing of the store; ${STEP_FORM}`,
    ]);
    assert.deepEqual(told("{mix_name: scripted, script: explosion1}"), [
      '1:40 workload.script is "explosion1"; did you mean "explosion-1"?',
    ]);
    assert.deepEqual(told("{mix_name: scripted}"), [
      "1:22 workload.mix_name is scripted, which needs workload.script, such as script: explosion-1 or script: [a put x, b get x]",
    ]);
  });

  it("takes its own time and its own clients", () => {
    const told = errorsOf("workload: {mix_name: scripted, script: lost-update, clients: 4, model: open, rate: 5/s}");
    const why = "has no place beside mix_name scripted: a script names its clients and takes its own time";
    assert.deepEqual(told, [`1:53 workload.clients ${why}`, `1:65 workload.model ${why}`, `1:78 workload.rate ${why}`]);
  });

  it("is a weak choice under a context that takes its meaning", () => {
    const warned = (script: string, context: string): readonly string[] =>
      problemsOf(`workload: {mix_name: scripted, script: ${script}, context: ${context}}`).map(
        ({ message }) => message,
      );
    assert.match(warned("explosion-1", "none")[0], /every put of the script is a blind one/);
    assert.match(warned("explosion-2", "read-first")[0], /a get of its own comes before every put/);
    assert.match(warned("lost-update", "last-read")[0], /needs workload.context: session/);
    assert.deepEqual(warned("explosion-2", "last-read"), []);
    assert.deepEqual(warned("[a blind-put x]", "none"), []);
  });
});

describe("carts and counters in an experiment file", () => {
  it("have defaults, a merge of their own, and a preload", () => {
    const cart = workloadOf("{mix_name: cart, clients: 10}");
    assert.deepEqual(cart.mixture, {
      name: "cart",
      carts: 1000,
      items: 50,
      remove: 0.3,
      view: 0.5,
      robots: 0,
      robotShare: 0,
      checkout: 100,
      resolver: "union",
    });
    assert.equal(cart.preload, true);
    assert.deepEqual([cart.mix.read, cart.mix.rmw], [0.5, 0.5]);
    const counters = workloadOf("{mix_name: counters, counters: {counters: 5, view: 10%}}");
    assert.deepEqual(counters.mixture, { name: "counters", counters: 5, view: 0.1, resolver: "counter" });
  });

  it("give robots their share of the clients, unless an open load says how much they ask", () => {
    const share = (workload: string): number => {
      const { mixture } = workloadOf(`{mix_name: cart, clients: 20, ${workload}}`);
      return mixture?.name === "cart" ? mixture.robotShare : NaN;
    };
    assert.equal(share("cart: {robots: 5}"), 0.25);
    assert.equal(share("model: open, rate: 100/s, cart: {robots: 5, robot_share: 0.1%}"), 0.001);
  });

  it("are told what makes no sense", () => {
    const told = (workload: string): readonly string[] => errorsOf(`workload: ${workload}`);
    assert.deepEqual(told("{mix_name: cart, clients: 3, cart: {robots: 3}}"), [
      "1:55 workload.cart.robots is 3 of 3 clients; allowed: fewer than workload.clients, one of whom is a shopper",
    ]);
    assert.deepEqual(told("{mix_name: cart, cart: {robots: 1, robot_share: 5%}}"), [
      "1:59 workload.cart.robot_share belongs to model open; in a closed load everybody keeps his own pace",
    ]);
    assert.deepEqual(told("{mix_name: cart, resolver: counter}"), [
      "1:38 workload.resolver is counter, which cannot merge a cart; allowed: union, newest, none",
    ]);
    assert.deepEqual(told("{mix_name: counters, resolver: union}"), [
      "1:42 workload.resolver is union, which cannot merge a counter; allowed: counter, newest, none",
    ]);
    assert.deepEqual(told("{mix_name: carts}"), [
      '1:22 workload.mix_name is "carts"; did you mean "cart"? Known: ycsb, scripted, cart, counters, time-ordered, delete-heavy, object-index, trace',
    ]);
    assert.deepEqual(told("{resolver: union, cart: {items: 5}, mix_name: ycsb}"), [
      "1:12 workload.resolver belongs to mix_name cart or counters, and workload.mix_name is ycsb",
      "1:29 workload.cart belongs to mix_name cart, and workload.mix_name is ycsb",
    ]);
    assert.deepEqual(told("{mix_name: cart, keys: {count: 5}, mix: {read: 1}}"), [
      "1:35 workload.keys.count belongs to mix_name ycsb, and workload.mix_name is cart",
      "1:46 workload.mix belongs to mix_name ycsb, and workload.mix_name is cart",
    ]);
  });

  it("may stand beside each other where the mix is an axis", () => {
    const { cells } = experimentOf(
      "workload: {cart: {carts: 5}, counters: {counters: 6}}\nsweep: {axes: {workload.mix_name: [cart, counters, ycsb]}}",
    );
    assert.deepEqual(
      cells.map(({ id, workload }) => [id, workload.mixture?.name, workload.records.recordCount]),
      [
        ["cart", "cart", 5],
        ["counters", "counters", 6],
        ["ycsb", undefined, 1000],
      ],
    );
  });
});

describe("the command line knows mixes and ready scripts", () => {
  it("by what they do, step by step, and how they are written", () => {
    const [script] = explanations("explosion-1");
    const said = new Map(script.paragraphs);
    assert.equal(said.get("steps"), "50 times (a put x, a get x, b blind-put x), a put x, a get x");
    assert.equal(said.get("written"), "workload: {mix_name: scripted, script: explosion-1}");
    const [cart, ...keys] = explanations("cart");
    assert.deepEqual([cart.kind, cart.name], ["mix", "cart"]);
    assert.ok(keys.some(({ name }) => name === "workload.cart.robots"));
  });
});

describe("clients' lifetime in an experiment file", () => {
  it("is for ever unless it is said", () => {
    assert.equal(workloadOf("{clients: 2}").clientLifetime, undefined);
    assert.equal(workloadOf("{client_lifetime: 5}").clientLifetime, 5);
  });

  it("is refused where the trial would need more sessions than there are numbers", () => {
    const text =
      "workload: {model: open, rate: 100000/s, client_lifetime: 1}\nphases: {warmup: 0s, measure: 1m, drain: 0s}";
    assert.deepEqual(errorsOf(text), [
      "1:58 workload.client_lifetime of 1 operations makes about 6000008 sessions in this trial; allowed: 2096128, so at least 3 operations at this rate",
    ]);
    assert.deepEqual(errorsOf(text.replace("client_lifetime: 1", "client_lifetime: 3")), []);
  });
});

describe("time series, keys that come and go, and objects in an experiment file", () => {
  it("have defaults, a size of values and a preload", () => {
    const series = workloadOf("{mix_name: time-ordered, value_size: 40B}");
    assert.deepEqual(series.mixture, {
      name: "time-ordered",
      series: 100,
      popularity: { name: "zipfian" },
      initial: 20,
      insert: 0.5,
      scan: 0.1,
      latest: 5,
      window: 20,
    });
    assert.deepEqual(series.mix, { ...NONE, read: 0.4, insert: 0.5, scan: 0.1 });
    assert.deepEqual(series.records.fieldLength, { dist: "constant", bytes: 40 });
    assert.equal(series.records.insertCount, 2000);
    const churn = workloadOf("{mix_name: delete-heavy, delete_heavy: {keys: 10, alive: 100%, read: 20%}}");
    assert.deepEqual(churn.mixture, { name: "delete-heavy", keys: 10, alive: 1, read: 0.2, readGone: 0.2 });
    assert.deepEqual(churn.mix, { ...NONE, read: 0.2, update: 0.4, delete: 0.4 });
    assert.equal(churn.records.insertCount, 9);
    const objects = workloadOf(
      "{mix_name: object-index, object_index: {delimiter: slash}, keys: {popularity: uniform}}",
    );
    assert.deepEqual(objects.mixture, {
      name: "object-index",
      objects: 10_000,
      folders: 100,
      subfolders: 10,
      popularity: { name: "uniform" },
      put: 0.2,
      remove: 0.05,
      list: 0.1,
      page: 100,
      delimiter: "/",
    });
    assert.deepEqual(objects.mix, { ...NONE, read: 0.65, update: 0.2, delete: 0.05, scan: 0.1 });
  });

  it("count the deletes of retention", () => {
    const { mix, mixture } = workloadOf("{mix_name: time-ordered, time_ordered: {keep: 30}}");
    assert.equal(mix.delete, 0.5);
    assert.ok(mixture?.name === "time-ordered" && mixture.keep === 30);
  });

  it("are told what makes no sense", () => {
    const told = (workload: string): readonly string[] => errorsOf(`workload: ${workload}`);
    assert.deepEqual(told("{mix_name: time-ordered, time_ordered: {insert: 80%, scan: 30%}}"), [
      "1:59 workload.time_ordered has insert 80%, scan 30%, together 110%; allowed: 100%, of which reads get the rest",
    ]);
    assert.deepEqual(told("{mix_name: time-ordered, time_ordered: {keep: 5}}"), [
      "1:57 workload.time_ordered.initial is 20 and workload.time_ordered.keep is 5; no more points are loaded than are kept",
    ]);
    assert.deepEqual(told("{mix_name: time-ordered, time_ordered: {series: 100000, window: 1000}}"), [
      "1:59 100000 series of up to 1000 points that readers may want are 100000000; allowed: 20000000 in all",
    ]);
    assert.deepEqual(told("{mix_name: object-index, object_index: {put: 90%, list: 20%}}"), [
      "1:56 workload.object_index has put 90%, delete 5%, list 20%, together 115%; allowed: 100%, of which reads get the rest",
    ]);
    assert.deepEqual(told("{mix_name: object-index, object_index: {objects: 5}}"), [
      "1:60 workload.object_index.folders is 100 for 5 objects; allowed: at most one folder an object",
    ]);
    assert.deepEqual(told("{mix_name: delete-heavy, object_index: {put: 10%}, keys: {popularity: latest}}"), [
      "1:36 workload.object_index belongs to mix_name object-index, and workload.mix_name is delete-heavy",
      "1:69 workload.keys.popularity belongs to mix_name ycsb, time-ordered or object-index, and workload.mix_name is delete-heavy",
    ]);
    assert.deepEqual(told("{mix_name: delete-heavy, delete_heavy: {keys: 1}}"), [
      "1:57 workload.delete_heavy.keys is 1; allowed: an integer from 2 to 10000000",
    ]);
  });

  it("are explained", () => {
    for (const mix of ["time-ordered", "delete-heavy", "object-index", "trace"]) {
      const [first] = explanations(mix);
      assert.deepEqual([first.kind, first.name], ["mix", mix]);
    }
  });
});

const NONE = { read: 0, update: 0, insert: 0, scan: 0, rmw: 0, delete: 0, blindWrite: 0 };
