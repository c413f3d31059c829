/**
 * The OpenAPI 3.1 document of the HTTP API, made from the route table that requests are dispatched by: what is documented is what
 * is served. Two things it cannot say are said in words: headers whose names only begin alike (`X-Riak-Meta-*`), and that
 * buckets and keys are octets and no text. `experiments/reference.ts` writes it to `openapi.json`; a test holds the file to it.
 */
import {
  METHODS,
  PATH_PARAMETERS,
  type Parameter,
  type ParameterKind,
  type RequestHeader,
  type Route,
  type Status,
} from "./route";

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** The specification has these elsewhere, and ignores parameters of such names. */
const SAID_ELSEWHERE = ["accept", "content-type", "authorization"];

/** `any`: what a request may be answered with whatever its row says. */
export function openApiText(routes: readonly Route[], any: readonly Status[], version: string): string {
  return `${JSON.stringify(openApiDocument(routes, any, version), null, 2)}\n`;
}

export function openApiDocument(routes: readonly Route[], any: readonly Status[], version: string): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "Quorumlab: Riak KV's HTTP API",
      summary:
        "Objects with siblings, bucket properties, listings: the key/value part of Riak's HTTP API, on every node.",
      description:
        "Buckets, types and keys are octets: any of them, percent-encoded byte for byte, and no text in any encoding. There is " +
        "no authentication; nodes listen on 127.0.0.1 unless told otherwise. What differs from Riak is told in engine/http/README.md. " +
        `Beside what is listed, any request may be answered ${any.map(({ code, meaning }) => `${code} (${decapitalised(meaning)})`).join(", ")}.`,
      version,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://127.0.0.1:8098", description: "the first node of `quorumlab serve`" }],
    ...pathsAndParameters(routes),
  };
}

interface DocumentedParameter {
  readonly name: string;
  readonly in: string;
  readonly [key: string]: Json;
}

/** Parameters stand once, whichever operations take them. */
class Shared {
  readonly parameters: Record<string, Json> = {};

  reference(parameter: DocumentedParameter): Json {
    const text = JSON.stringify(parameter);
    for (let i = 1; ; i++) {
      const name = `${parameter.in}-${parameter.name}${i === 1 ? "" : `-${String(i)}`}`;
      this.parameters[name] ??= parameter;
      if (JSON.stringify(this.parameters[name]) === text) return { $ref: `#/components/parameters/${name}` };
    }
  }
}

function pathsAndParameters(routes: readonly Route[]): { readonly [key: string]: Json } {
  const shared = new Shared();
  const paths = pathsOf(routes, shared);
  return { paths, components: { parameters: shared.parameters } };
}

function pathsOf(routes: readonly Route[], shared: Shared): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    for (const [at, path] of route.paths.entries()) {
      const item = (paths[path] ??= {
        parameters: PATH_PARAMETERS.filter(({ name }) => path.includes(`{${name}}`)).map((one) =>
          shared.reference(pathParameter(one)),
        ),
      });
      for (const method of METHODS.filter((one) => route.methods.includes(one)))
        item[method.toLowerCase()] = operation(route, method, at, shared);
    }
  }
  return paths;
}

function operation(route: Route, method: string, at: number, shared: Shared): Json {
  const { name, summary, parameters, headers, body, statuses } = route;
  const named = headers.filter(
    (header) => !header.name.endsWith("*") && !SAID_ELSEWHERE.includes(header.name.toLowerCase()),
  );
  const families = headers.filter((header) => header.name.endsWith("*"));
  const elsewhere = headers.filter((header) => SAID_ELSEWHERE.includes(header.name.toLowerCase()));
  const words = [...families, ...elsewhere].map((header) => `\`${header.name}\`: ${header.prose}`);
  return {
    operationId: `${method.toLowerCase()}-${name}${at === 0 ? "" : `-${at + 1}`}`,
    summary,
    ...(words.length === 0 ? {} : { description: words.join("\n\n") }),
    parameters: [...parameters.map(queryParameter), ...named.map(headerParameter)].map((one) => shared.reference(one)),
    ...(body === undefined || (method !== "PUT" && method !== "POST") ? {} : { requestBody: requestBody(body) }),
    responses: Object.fromEntries(answersByCode(statuses)),
  };
}

/** Codes of one number stand together: a document has one answer each. */
function answersByCode(statuses: Route["statuses"]): readonly (readonly [string, Json])[] {
  const codes = [...new Set(statuses.map(({ code }) => code))].sort((a, b) => a - b);
  return codes.map((code) => {
    const meanings = statuses.filter((status) => status.code === code).map(({ meaning }) => meaning);
    return [String(code), { description: meanings.join(" ") }];
  });
}

function pathParameter({ name, kind, prose }: Parameter): DocumentedParameter {
  return { name, in: "path", required: true, description: prose, schema: schemaOf(kind) };
}

function queryParameter({ name, kind, prose }: Parameter): DocumentedParameter {
  return { name, in: "query", required: false, description: prose, schema: schemaOf(kind) };
}

function headerParameter({ name, prose, required, example }: RequestHeader): DocumentedParameter {
  return { name, in: "header", required: required === true, description: prose, schema: { type: "string" }, example };
}

function requestBody(body: "octets" | "json"): Json {
  return body === "json"
    ? { required: true, content: { "application/json": { schema: { type: "object" } } } }
    : { required: true, content: { "*/*": { schema: {} } } };
}

function schemaOf(kind: ParameterKind): Json {
  switch (kind.kind) {
    case "octets":
      return { type: "string", minLength: 1 };
    case "quorum":
      return {
        anyOf: [
          { type: "integer", minimum: 0 },
          { type: "string", enum: ["one", "quorum", "all", "default"] },
        ],
      };
    case "boolean":
      return { type: "string", enum: ["true", "false", "default"] };
    case "integer":
      return { type: "integer", minimum: kind.min, maximum: kind.max };
    case "word":
      return { type: "string", enum: kind.values };
    case "text":
      return { type: "string" };
  }
}

function decapitalised(sentence: string): string {
  return sentence[0].toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}
