/**
 * DynamoDB's interface as a target, request by request, against a server that says what the test wants: nothing of the SDK's
 * own search for a cloud is left (the environment of these tests is full of traps), each read is as consistent as `r` says, each
 * error is as certain as DynamoDB's manual makes it, and a refusal is not asked again behind the driver's back.
 */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Outcome } from "../../../engine/vocabulary/outcomes";
import type { Reply, Request } from "../../../workloads/operation";
import { DynamoTarget, readsConsistently } from "../../../workloads/targets/dynamodb";
import type { OtherStoreOptions } from "../../../workloads/targets/other-store";

interface Asked {
  readonly action: string;
  readonly authorization: string;
  readonly body: Readonly<Record<string, unknown>>;
}

type Answer = { readonly status: number; readonly body: unknown } | "silence" | "close";

const TRAPS = {
  AWS_ACCESS_KEY_ID: "AKIAUSERSOWN",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_SESSION_TOKEN: "token-of-the-user",
  AWS_REGION: "eu-west-1",
  AWS_ENDPOINT_URL: "http://127.0.0.1:1",
  AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1",
  AWS_USE_FIPS_ENDPOINT: "true",
  AWS_USE_DUALSTACK_ENDPOINT: "true",
  AWS_ENABLE_ENDPOINT_DISCOVERY: "true",
  AWS_MAX_ATTEMPTS: "5",
  AWS_RETRY_MODE: "adaptive",
};

describe("DynamoDB's interface as a target", function () {
  this.timeout(20_000);
  let server: Server;
  let host: string;
  const asked: Asked[] = [];
  let answer: (asked: Asked) => Answer = () => OK;
  const OK: Answer = { status: 200, body: {} };
  const before_: Record<string, string | undefined> = {};

  before(async () => {
    for (const [name, value] of Object.entries(TRAPS)) {
      before_[name] = process.env[name];
      process.env[name] = value;
    }
    server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        const action = String(request.headers["x-amz-target"]).split(".")[1];
        const one = { action, authorization: String(request.headers.authorization), body };
        asked.push(one);
        const said = answer(one);
        if (said === "silence") return;
        if (said === "close") {
          request.socket.destroy();
          return;
        }
        response.writeHead(said.status, { "content-type": "application/x-amz-json-1.0", server: "of the test" });
        response.end(JSON.stringify(said.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });
  after(async () => {
    for (const [name, value] of Object.entries(before_)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    asked.length = 0;
    answer = () => OK;
  });

  const open = (options: Partial<OtherStoreOptions> = {}): Promise<DynamoTarget> =>
    DynamoTarget.open({
      hosts: [host],
      run: "d-1",
      connections: 2,
      ...{ nVal: 3, r: "quorum", w: "quorum", readTimeoutMs: 1_000, writeTimeoutMs: 1_000, graceMs: 100 },
      clientTimestamps: false,
      log: () => undefined,
      ...options,
    });
  const ask = (target: DynamoTarget, kind: "get" | "put" | "delete"): Promise<Reply> => {
    const key = { type: "default", bucket: "b", key: "k" };
    const request: Request = { kind, key, session: 1, value: "v", writeId: 5, context: "", scanLength: 0, scanEnd: "" };
    return new Promise((resolve) => target.submit(request, resolve));
  };

  it("goes to the host that is named with made-up credentials, whatever the environment says", async () => {
    const target = await open();
    await ask(target, "put");
    assert.ok(asked.length === 2, "it arrived here");
    for (const { authorization } of asked) {
      assert.match(authorization, /Credential=quorumlab\/\d+\/local\/dynamodb\//);
      assert.ok(!authorization.includes("AKIA"));
    }
    assert.match(target.identity.product, /of the test/);
    await target.close();
  });

  it("reads consistently where more than one replica is asked for, and always in the end", async () => {
    assert.deepEqual([1, "one", 2, "quorum", "all"].map((r) => readsConsistently(r as number)), [false, false, true, true, true]); // prettier-ignore
    for (const [r, consistent] of [
      ["one", false],
      ["quorum", true],
    ] as const) {
      const target = await open({ r });
      asked.length = 0;
      await ask(target, "get");
      await new Promise<Reply>((resolve) => target.readLast({ type: "default", bucket: "b", key: "k" }, resolve));
      assert.deepEqual(
        asked.map(({ action, body }) => [action, body["ConsistentRead"]]),
        [
          ["GetItem", consistent],
          ["GetItem", true],
        ],
      );
      await target.close();
    }
  });

  const failure = (status: number, type: string): Answer => ({
    status,
    body: { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: `${type} of the test` },
  });
  const cases: readonly (readonly [string, Answer, Outcome])[] = [
    ["throughput", failure(400, "ProvisionedThroughputExceededException"), "overloaded"],
    ["throttling", failure(400, "ThrottlingException"), "overloaded"],
    ["limit", failure(400, "RequestLimitExceeded"), "overloaded"],
    ["validation", failure(400, "ValidationException"), "invalid"],
    ["no table", failure(400, "ResourceNotFoundException"), "invalid"],
    ["no rights", failure(403, "UnrecognizedClientException"), "invalid"],
    ["broken", failure(500, "InternalServerError"), "quorum_unreachable"],
    ["away", { status: 503, body: {} }, "quorum_unreachable"],
    ["silence", "silence", "timeout"],
    ["closed", "close", "connection_lost"],
  ];
  for (const [what, said, outcome] of cases) {
    it(`takes ${what} for ${outcome}, and asks once`, async () => {
      const target = await open();
      asked.length = 0;
      answer = () => said;
      const reply = await ask(target, "put");
      assert.equal(reply.outcome, outcome, reply.reason);
      assert.equal(asked.length, 1);
      await target.close();
    });
  }
});

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString()) as Readonly<Record<string, unknown>>;
}
