/**
 * The ceiling of a front end over HTTP: a bare node:http server that knows no store and answers every GET and every PUT with
 * bytes it was given, the very status, headers and body that a node of the engine answered with. Run as a process of its own.
 */
import { createServer } from "node:http";

export interface BareAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string;
}

export interface BareAnswers {
  readonly get: BareAnswer;
  readonly put: BareAnswer;
}

function serve({ get, put }: BareAnswers): void {
  const body = Buffer.from(get.body, "latin1");
  const server = createServer((request, response) => {
    if (request.method === "GET") {
      response.writeHead(get.status, get.headers as string[]);
      response.end(body);
      return;
    }
    let length = 0;
    request.on("data", (chunk: Buffer) => (length += chunk.length));
    request.on("end", () => {
      if (length === 0) process.exit(1);
      response.writeHead(put.status, put.headers as string[]);
      response.end();
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    process.send?.(typeof address === "object" && address !== null ? address.port : 0);
  });
}

process.on("message", (answers: BareAnswers) => serve(answers));
process.on("disconnect", () => process.exit(0));
