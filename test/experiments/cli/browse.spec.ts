/**
 * `quorumlab browse` over a real socket on this machine: what it shows, and everything that it must not. Paths are sent as raw bytes, for
 * every client of comfort tidies `..` away before the server could be wrong about it.
 */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { main } from "../../../experiments/cli/main";
import { around, madeUpComparable, writeMadeUp } from "../../results/comparison/made-up-runs";
import { temporaryFolder } from "../../results/record/made-up-run";
import { recordingIo } from "../recording-io";

interface Answer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

describe("quorumlab browse", () => {
  let cwd: string;
  let root: string;
  let url: URL;
  let interrupt: () => void;
  let ended: Promise<number>;

  before(async () => {
    cwd = temporaryFolder();
    root = join(cwd, "runs");
    for (const [id, value] of [
      ["20261126T100000Z-aaaaaa", 10],
      ["20261126T110000Z-bbbbbb", 20],
    ] as const)
      writeMadeUp(
        root,
        madeUpComparable(
          { base: { resolved: { "tunables.r": value }, repetitions: around("read_p99_ms", value, 6) } },
          { id, experiment: "single" },
        ),
      );
    const run = join(root, "single", "20261126T100000Z-aaaaaa");
    mkdirSync(join(run, "report"));
    writeFileSync(join(run, "report", "index.html"), "<!doctype html><title>the report</title>");
    writeFileSync(join(cwd, "secret.txt"), "the secret");
    symlinkSync(join(cwd, "secret.txt"), join(run, "innocent.txt"));
    symlinkSync(cwd, join(run, "latest"));
    mkdirSync(join(root, "evil"));
    symlinkSync(cwd, join(root, "evil", "latest"));
    symlinkSync(run, join(root, "evil", "20261126T120000Z-link00"));
    writeFileSync(join(root, "single", ".hidden"), "hidden");
    const io = recordingIo(cwd);
    const listening = new Promise<string>((settle) => {
      const write = (text: string): void => {
        io.stdout.write(text);
        settle(text);
      };
      ended = main(["browse", "runs", "--port", "0", "--json"], {
        ...io,
        stdout: { ...io.stdout, write },
        onInterrupt: (handler) => {
          interrupt = handler;
          return () => undefined;
        },
      });
    });
    const line = JSON.parse(await listening) as { schema: string; url: string; root: string };
    assert.deepEqual([line.schema, line.root], ["quorumlab/browse@1", "runs"]);
    url = new URL(line.url);
    assert.equal(url.hostname, "127.0.0.1");
  });
  after(async () => {
    interrupt();
    assert.equal(await ended, 0);
    rmSync(cwd, { recursive: true, force: true });
  });

  const ask = (target: string, { method = "GET", host = url.host } = {}): Promise<Answer> =>
    new Promise((settle, fail) => {
      const socket = connect(Number(url.port), "127.0.0.1");
      let text = "";
      socket.setEncoding("utf8");
      socket.on("data", (piece: string) => (text += piece));
      socket.on("error", fail);
      socket.on("close", () => {
        const [headers, ...body] = text.split("\r\n\r\n");
        settle({ status: Number(headers.split(" ")[1]), headers, body: body.join("\r\n\r\n") });
      });
      socket.write(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });

  it("shows the list of runs with links, made anew at each look", async () => {
    const { status, headers, body } = await ask("/");
    assert.equal(status, 200);
    assert.match(headers, /Content-Security-Policy: default-src 'none'/);
    assert.match(headers, /X-Content-Type-Options: nosniff/);
    assert.match(body, /20261126T110000Z-bbbbbb/);
    assert.match(body, /\/compare\?a=single%2F20261126T100000Z-aaaaaa&amp;b=single%2F20261126T110000Z-bbbbbb/);
    writeMadeUp(
      root,
      madeUpComparable(
        { base: { repetitions: around("read_p99_ms", 1, 2) } },
        { id: "20261126T180000Z-newest", experiment: "fresh" },
      ),
    );
    assert.match((await ask("/index.html")).body, /20261126T180000Z-newest/);
  });

  it("serves reports, folders and files with their types, also through latest", async () => {
    assert.match((await ask("/single/20261126T100000Z-aaaaaa/report/")).body, /the report/);
    const moved = await ask("/single/20261126T100000Z-aaaaaa/report");
    assert.equal(moved.status, 301);
    assert.match(moved.headers, /Location: \/single\/20261126T100000Z-aaaaaa\/report\//);
    for (const [file, kind] of [
      ["manifest.json", "application/json"],
      ["trials.txt", "text/plain"],
      ["summaries/cells.json", "application/json"],
    ]) {
      const { status, headers } = await ask(`/single/latest/${file}`);
      assert.equal(status, 200, file);
      assert.match(headers, new RegExp(`Content-Type: ${kind}`), file);
      assert.match(headers, /sandbox/, "a file that is no page runs nothing");
    }
    assert.match((await ask("/single/latest/")).body, /href="\.\/manifest\.json"/);
  });

  it("answers HEAD without a body and nothing that would change anything", async () => {
    const head = await ask("/single/latest/manifest.json", { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(head.body, "");
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const { status, headers } = await ask("/", { method });
      assert.equal(status, 405, method);
      assert.match(headers, /Allow: GET, HEAD/);
    }
  });

  it("answers to its own name only", async () => {
    for (const host of [
      "evil.example",
      `evil.example:${url.port}`,
      "127.0.0.1",
      `127.0.0.1:${Number(url.port) + 1}`,
      `127.0.0.1.evil.example:${url.port}`,
    ])
      assert.equal((await ask("/", { host })).status, 421, host);
    assert.equal((await ask("/", { host: `LOCALHOST:${url.port}` })).status, 200);
  });

  it("does not leave the folder: not by dots however written, not by links, not by latest", async () => {
    for (const target of [
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/single/..%2f..%2fsecret.txt",
      "/single/%2e%2e%2f%2e%2e%2fsecret.txt",
      "/%252e%252e/secret.txt",
      "/..%5csecret.txt",
      "/single/..\\..\\secret.txt",
      "//etc/passwd",
      "/single/.hidden",
      "/single/latest%00/manifest.json",
      "/single/%c0%ae%c0%ae/secret.txt",
      "/single/20261126T100000Z-aaaaaa/innocent.txt",
      "/single/20261126T100000Z-aaaaaa/latest/secret.txt",
      "/evil/latest/secret.txt",
      "/evil/latest/",
      "/evil/20261126T120000Z-link00/manifest.json",
      "/single/%ff",
      "/nothing/here",
    ]) {
      const { status, body } = await ask(target);
      assert.ok(status >= 400 && status < 500, `${target}: ${status}`);
      assert.ok(!/the secret|root:|hidden"/.test(body), target);
    }
    assert.doesNotMatch((await ask("/single/20261126T100000Z-aaaaaa/")).body, /innocent/);
    assert.equal((await ask(`/${"a".repeat(5_000)}`)).status, 414);
  });

  it("compares on demand, by names of runs and never by paths", async () => {
    const { status, body } = await ask("/compare?a=single/20261126T100000Z-aaaaaa&b=single/20261126T110000Z-bbbbbb");
    assert.equal(status, 200);
    assert.match(body, /▲ worse/);
    assert.equal(
      (await ask("/compare?a=single%2F20261126T100000Z-aaaaaa&b=single%2F20261126T110000Z-bbbbbb&metric=read_p50_ms"))
        .status,
      200,
    );
    for (const [query, expected] of [
      ["", 400],
      ["?a=single/20261126T100000Z-aaaaaa", 400],
      ["?a=single/20261126T100000Z-aaaaaa&b=single/20261126T100000Z-aaaaaa", 400],
      ["?a=single/nothing&b=single/latest", 404],
      ["?a=../runs/single/20261126T100000Z-aaaaaa&b=single/latest", 400],
      ["?a=..%2Fruns&b=single/latest", 400],
      ["?a=/etc/passwd&b=single/latest", 400],
      ["?a=evil/20261126T120000Z-link00&b=single/latest", 403],
      ["?a=single/latest&by=r", 400],
      ["?a=single/latest&b=fresh/latest&metric=%3Cscript%3E", 400],
      [`?${"a=single/latest&".repeat(7)}`, 400],
    ] as const) {
      const answer = await ask(`/compare${query}`);
      assert.equal(answer.status, expected, query);
      assert.match(answer.headers, /Content-Type: text\/plain/);
    }
  });

  it("says when there is no such folder, or the port is taken", async () => {
    const io = recordingIo(cwd);
    assert.equal(await main(["browse", "nowhere"], io), 2);
    assert.match(io.err(), /nowhere: there is no such folder/);
    const taken = recordingIo(cwd);
    assert.equal(await main(["browse", "runs", "--port", url.port], taken), 3);
    assert.match(taken.err(), /another program has it/);
    assert.equal(await main(["browse", "runs", "--port", "99999"], recordingIo(cwd)), 2);
  });
});
