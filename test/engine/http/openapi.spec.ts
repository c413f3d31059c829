/** The document of the HTTP API against the specification of OpenAPI 3.1, by hand, and against the route table. */
import { strict as assert } from "node:assert";
import { openApiText } from "../../../engine/http/openapi-document";
import { METHODS } from "../../../engine/http/route";
import { ANY_REQUEST, ROUTES } from "../../../engine/http/routes";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: object;
}

interface Reference {
  readonly $ref: string;
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly Reference[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

type PathItem = Readonly<Record<string, Operation>> & { readonly parameters: readonly Reference[] };

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: { readonly parameters: Readonly<Record<string, Parameter>> };
}

const document = JSON.parse(openApiText(ROUTES, ANY_REQUEST, "1.2.3")) as Document;

function resolved({ $ref }: Reference): Parameter {
  const name = /^#\/components\/parameters\/([A-Za-z0-9._-]+)$/.exec($ref)?.[1];
  assert(name !== undefined, `${$ref} is a reference into the document, with a name that may be one`);
  const parameter = document.components.parameters[name];
  assert(parameter !== undefined, `${$ref} is there`);
  return parameter;
}

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation = (item as Readonly<Record<string, Operation | undefined>>)[method.toLowerCase()];
    return operation === undefined ? [] : [{ path, method, item, operation }];
  }),
);

describe("the OpenAPI document", () => {
  it("says what it is", () => {
    assert.equal(document.openapi, "3.1.0");
    assert.equal(document.info.version, "1.2.3");
    assert(document.info.title !== "" && document.servers.length === 1);
    const known = ["openapi", "info", "servers", "paths", "components"];
    assert.deepEqual(Object.keys(document), known);
  });

  it("has every row of the table under each of its paths and methods, and nothing else", () => {
    const wanted = ROUTES.flatMap(({ paths, methods }) =>
      paths.flatMap((path) => methods.map((method) => `${method} ${path}`)),
    );
    assert.deepEqual(operations.map(({ path, method }) => `${method} ${path}`).sort(), wanted.sort());
    for (const { paths, statuses, methods } of ROUTES) {
      const { operation } = operations.find(({ path, method }) => path === paths[0] && method === methods[0])!;
      assert.deepEqual(
        Object.keys(operation.responses).map(Number),
        [...new Set(statuses.map(({ code }) => code))].sort((a, b) => a - b),
      );
    }
  });

  it("names each operation once, and answers it with something", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const { operation } of operations) {
      const responses = Object.entries(operation.responses);
      assert(responses.length > 0);
      for (const [code, { description }] of responses) assert(/^[1-5]\d\d$/.test(code) && description !== "");
    }
  });

  it("declares what stands in a path, and nothing twice", () => {
    const shapes = Object.keys(document.paths).map((path) => path.replace(/\{\w+\}/g, "{}"));
    assert.equal(new Set(shapes).size, shapes.length, "no two templates are one");
    for (const { path, item, operation } of operations) {
      assert(path.startsWith("/"));
      const all = [...item.parameters, ...operation.parameters].map(resolved);
      const names = all.map((one) => `${one.in} ${one.name}`);
      assert.equal(new Set(names).size, names.length, `${path}: ${names.join(", ")}`);
      const inPath = all.filter((one) => one.in === "path");
      assert.deepEqual(
        inPath.map(({ name }) => name).sort(),
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort(),
      );
      assert(inPath.every(({ required }) => required === true));
      for (const one of all) {
        assert(["path", "query", "header"].includes(one.in) && typeof one.schema === "object");
        const ignored = one.in === "header" && /^(accept|content-type|authorization)$/i.test(one.name);
        assert(!ignored && /^[\w-]+$/.test(one.name), `${one.name} is a parameter of its own`);
      }
    }
  });

  it("has bodies where a body is read", () => {
    for (const { method, operation } of operations) {
      const content = operation.requestBody?.content;
      if (content === undefined) continue;
      assert(method === "PUT" || method === "POST");
      assert.equal(Object.keys(content).length, 1);
    }
    assert(operations.some(({ operation }) => operation.requestBody?.content["*/*"] !== undefined));
    assert(operations.some(({ operation }) => operation.requestBody?.content["application/json"] !== undefined));
  });
});
