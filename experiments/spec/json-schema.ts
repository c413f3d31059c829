/**
 * The experiment file as JSON Schema, for editors that complete keys and underline mistakes while one types. It is made
 * from the same rows as the reader, and is looser: what only the reader can know (quorums against N, counts of zones,
 * names of axes) is left to `quorumlab validate`.
 */
import { FAULT_KINDS, FAULT_PARAMETERS, faultParts, type FaultKindRow } from "../../engine/vocabulary/rows/fault-kinds";
import { distNames } from "../../engine/vocabulary/structures";
import { TUNABLES } from "../../engine/vocabulary/tunables";
import { QUORUM_WORDS, rangeText, type ValueKind } from "../../engine/vocabulary/value-kinds";
import { MOST_HOSTS } from "../../engine/vocabulary/written-hosts";
import { MOST_STEPS, READY_SCRIPTS } from "../../engine/vocabulary/written-scripts";
import { PROBES } from "../../results/record/probes";
import { PARTS, PLAIN_KEYS, SCALAR_FORMS, SWITCHABLE } from "./keys";
import { MOST_FAULTS } from "./random-faults";

type Schema = Record<string, unknown>;

/** The schema as an object in a stable order. */
export function experimentSchema(): Schema {
  const properties: Schema = {};
  for (const row of PLAIN_KEYS)
    put(properties, row.key, { ...schemaOf(row.kind), description: describe(row.title, row.kind, row.default) });
  for (const row of TUNABLES)
    put(properties, row.key, { ...schemaOf(row.kind), description: describe(row.title, row.kind, row.default) });
  properties.world = listOrOne(properties.world as Schema);
  for (const [name, title] of PARTS) put(properties, name, { ...PART_SCHEMAS[name], description: title });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "quorumlab experiment",
    type: "object",
    additionalProperties: false,
    properties,
    $defs: Object.fromEntries(
      FAULT_PARAMETERS.filter(({ name }) => name !== "kind").map(({ name }) => [
        `fault-${name}`,
        faultParameterSchema(name),
      ]),
    ),
  };
}

/** The file's text. */
export function experimentSchemaText(): string {
  return `${JSON.stringify(experimentSchema(), null, 2)}\n`;
}

/** A list of worlds is an axis. */
function listOrOne(schema: Schema): Schema {
  const { description, ...one } = schema;
  return { anyOf: [one, { type: "array", minItems: 1, items: one }], description };
}

function describe(title: string, kind: ValueKind, fallback: string): string {
  return `${title}. Allowed: ${rangeText(kind)}.${fallback === "" ? "" : ` Default: ${fallback}.`}`;
}

function put(properties: Schema, key: string, leaf: Schema): void {
  const parts = key.split(".");
  let level = properties;
  for (let i = 0; i < parts.length - 1; i++) {
    level[parts[i]] ??= group(parts.slice(0, i + 1).join("."));
    level = mapOf(level[parts[i]] as Schema).properties as Schema;
  }
  level[parts[parts.length - 1]] = leaf;
}

function group(key: string): Schema {
  const map: Schema = { type: "object", additionalProperties: false, properties: {} };
  const form = SCALAR_FORMS.get(key);
  if (form !== undefined) return { anyOf: [map, { type: "string" }] };
  return SWITCHABLE.has(key) ? { anyOf: [map, { const: "none" }] } : map;
}

function mapOf(schema: Schema): Schema {
  return schema.anyOf === undefined ? schema : (schema.anyOf as readonly Schema[])[0];
}

const DURATION = { type: "string", pattern: "^[0-9.]+ *(us|µs|ms|s|m|h|d)$" };
const BYTE_RATE = {
  anyOf: [{ const: "none" }, { type: "string", pattern: "^[0-9.]+ *(B|kB|KB|MB|GB|KiB|MiB|GiB)/(s|m|min|h)$" }],
};
const SIZE = { type: "string", pattern: "^[0-9.]+ *(B|kB|KB|MB|GB|KiB|MiB|GiB)$" };
const RATIO = {
  anyOf: [
    { type: "number", minimum: 0 },
    { type: "string", pattern: "^[0-9.]+ *%$" },
  ],
};

function schemaOf(kind: ValueKind): Schema {
  switch (kind.kind) {
    case "integer":
      return { type: "integer", minimum: kind.min, maximum: kind.max };
    case "number":
      return { type: "number", minimum: kind.min, maximum: kind.max };
    case "ratio":
      return RATIO;
    case "quorum":
      return { anyOf: [{ type: "integer", minimum: kind.min }, { enum: QUORUM_WORDS }] };
    case "boolean":
      return { type: "boolean" };
    case "choice":
      return { enum: kind.values };
    case "duration":
      return DURATION;
    case "rate":
      return { type: "string", pattern: "^[0-9.]+ */(s|m|min|h)$" };
    case "size":
      return SIZE;
    case "byte-rate":
      return BYTE_RATE;
    case "text":
      return { type: ["string", "number"] };
    case "structure":
      return structureSchema(kind.name);
  }
}

function structureSchema(name: Extract<ValueKind, { kind: "structure" }>["name"]): Schema {
  const dist = (family: "distribution" | "popularity" | "length"): Schema => ({
    type: "object",
    required: ["dist"],
    properties: { dist: { enum: distNames(family) } },
  });
  switch (name) {
    case "distribution":
      return { anyOf: [{ const: "none" }, DURATION, dist("distribution")] };
    case "popularity":
      return { anyOf: [{ type: "string" }, dist("popularity")] };
    case "length":
      return { anyOf: [SIZE, dist("length")] };
    case "zone-pairs":
      return { type: "object", additionalProperties: { anyOf: [DURATION, dist("distribution")] } };
    case "zones":
      return { type: "object", additionalProperties: { type: "integer", minimum: 1 } };
    case "weights":
      return { type: "object", additionalProperties: { type: "number", minimum: 0.01, maximum: 100 } };
    case "node-list":
    case "owners":
      return { type: "array", minItems: 1, items: { type: "string" } };
    case "pin":
      return {
        anyOf: [
          { enum: ["auto", "none"] },
          { type: "array", items: { type: "array", items: { type: "integer", minimum: 0 } } },
        ],
      };
    case "percentiles":
      return {
        type: "array",
        minItems: 1,
        maxItems: 20,
        items: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 100 },
      };
    case "scan-keys":
      return { type: "string", pattern: "^(all|sample:[0-9]+)$" };
    case "history":
      return { type: "string", pattern: "^(none|all|keys: *[0-9.]+%?)$" };
    case "properties":
      return { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } };
    case "script":
      return SCRIPT;
    case "prune": {
      const entries: Schema = { type: "integer", minimum: 1, maximum: 4_096 };
      const properties = { small: entries, big: entries, young: DURATION, old: DURATION };
      const whole: Schema = {
        type: "object",
        required: Object.keys(properties),
        additionalProperties: false,
        properties,
      };
      return { anyOf: [{ enum: ["none", "riak", "dynamo"] }, whole] };
    }
    case "rate-steps": {
      const step: Schema = {
        type: "object",
        required: ["at", "rate"],
        additionalProperties: false,
        properties: { at: DURATION, rate: { type: "string" } },
      };
      return { type: "array", minItems: 1, maxItems: 200, items: step };
    }
    case "hosts": {
      const host: Schema = { type: "string", pattern: "^.+:[0-9]{1,5}$" };
      return { anyOf: [host, { type: "array", minItems: 1, maxItems: MOST_HOSTS, items: host }] };
    }
    case "optional-duration":
      return { anyOf: [{ enum: ["none"] }, DURATION] };
    case "anti-entropy": {
      const properties = {
        interval: DURATION,
        tree_depth: { type: "integer", minimum: 1, maximum: 20 },
        fanout: { type: "integer", minimum: 2, maximum: 1_024 },
        hash: { enum: ["clock", "content"] },
        repair: { enum: ["gets", "stream"] },
        concurrency: { type: "integer", minimum: 1, maximum: 64 },
        rebuild: { anyOf: [{ enum: ["none"] }, DURATION] },
      };
      const whole: Schema = { type: "object", required: ["interval"], additionalProperties: false, properties };
      return { anyOf: [{ enum: ["disabled"] }, whole] };
    }
    case "speculative-retry":
      return { anyOf: [{ enum: ["none", "p99", "always"] }, DURATION] };
    case "delete-mode":
      return { anyOf: [{ enum: ["keep", "immediate"] }, DURATION] };
  }
}

/** Steps within a repetition are left to the reader: the schema has no definitions to refer back to. */
const STEP: Schema = {
  anyOf: [
    { type: "string" },
    {
      type: "object",
      additionalProperties: false,
      required: ["repeat", "steps"],
      properties: {
        repeat: { type: "integer", minimum: 1, maximum: MOST_STEPS },
        steps: { type: "array", minItems: 1 },
      },
    },
  ],
};

const SCRIPT: Schema = { anyOf: [{ enum: [...READY_SCRIPTS.keys()] }, { type: "array", minItems: 1, items: STEP }] };

const AXIS: Schema = {
  anyOf: [
    { type: "array", minItems: 1 },
    {
      type: "object",
      additionalProperties: false,
      required: ["zip"],
      properties: { zip: { type: "object", additionalProperties: { type: "array" } } },
    },
    {
      type: "object",
      additionalProperties: false,
      required: ["range"],
      properties: {
        range: {
          type: "object",
          additionalProperties: false,
          required: ["from", "to"],
          properties: { from: {}, to: {}, step: {}, factor: {} },
        },
      },
    },
  ],
};

const TARGETS: Schema = { anyOf: [{ type: "string" }, { type: "array", minItems: 1, items: { type: "string" } }] };

function faultParameterSchema(name: string): Schema {
  const { kind, text } = FAULT_PARAMETERS.find((one) => one.name === name)!;
  const description = text;
  if (name === "id") return { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description };
  switch (kind.kind) {
    case "target":
      return { ...TARGETS, description };
    case "links":
      return {
        anyOf: [
          { const: "all" },
          {
            type: "object",
            additionalProperties: false,
            required: ["from", "to"],
            properties: { from: TARGETS, to: TARGETS, both_ways: { type: "boolean" } },
          },
        ],
        description,
      };
    case "groups":
      return { type: "array", minItems: 2, items: TARGETS, description };
    case "clients":
      return {
        anyOf: [
          { enum: ["all", "follow-nearest"] },
          {
            type: "object",
            additionalProperties: false,
            required: ["group"],
            properties: { group: { type: "integer", minimum: 0 } },
          },
        ],
        description,
      };
    case "offset":
      return { type: "string", pattern: "^[-+]?[0-9.]+ *(us|µs|ms|s|m|h|d)$", description };
    default:
      return { ...schemaOf(kind), description };
  }
}

/** One kind of fault; what belongs to another kind is a mistake here too. */
function faultSchema(row: FaultKindRow): Schema {
  const { needs, may } = faultParts(row);
  const names = (part: string): readonly string[] => part.split(" or ");
  const choice = needs.map(names).find((list) => list.length > 1);
  const parts = ["at", ...needs.flatMap(names), ...may];
  return {
    type: "object",
    description: `${row.title}. ${row.shows} Such as ${row.example}`,
    additionalProperties: false,
    required: ["kind", "at", ...needs.filter((part) => names(part).length === 1)],
    ...(choice === undefined ? {} : { oneOf: choice.map((name) => ({ required: [name] })) }),
    properties: {
      id: { $ref: "#/$defs/fault-id" },
      kind: { const: row.kind },
      ...Object.fromEntries(parts.map((name) => [name, { $ref: `#/$defs/fault-${name}` }])),
    },
  };
}

const KIND_NAMES = FAULT_KINDS.map(({ kind }) => kind);

const FAULTS: Schema = {
  anyOf: [
    { enum: ["none", "random"] },
    {
      type: "object",
      additionalProperties: false,
      required: ["random"],
      properties: {
        random: {
          type: "object",
          additionalProperties: false,
          properties: {
            count: { type: "integer", minimum: 1, maximum: MOST_FAULTS },
            kinds: { anyOf: [{ const: "all" }, { type: "array", minItems: 1, items: { enum: KIND_NAMES } }] },
            from: DURATION,
            to: DURATION,
            longest: DURATION,
          },
        },
      },
    },
    { type: "array", maxItems: MOST_FAULTS, items: { anyOf: FAULT_KINDS.map(faultSchema) } },
  ],
};

function namesSchema(names: readonly string[]): Schema {
  return { anyOf: [{ const: "none" }, { type: "array", items: { enum: names } }] };
}

const PART_SCHEMAS: Readonly<Record<string, Schema>> = {
  hypotheses: {
    type: "array",
    items: {
      type: "object",
      additionalProperties: false,
      required: ["id", "text"],
      properties: {
        id: { type: "string" },
        text: { type: "string" },
        expect: { type: "string" },
        where: { type: "string" },
      },
    },
  },
  tags: { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } },
  citations: { type: "array", items: { type: "string" } },
  sweep: {
    type: "object",
    additionalProperties: false,
    required: ["axes"],
    properties: {
      axes: { type: "object", additionalProperties: AXIS },
      where: { type: "string" },
      exclude: { type: "array", items: { type: "object" } },
      baseline: { type: "object" },
    },
  },
  faults: FAULTS,
  published: {
    type: "array",
    items: {
      type: "object",
      additionalProperties: false,
      required: ["metric", "value", "source"],
      properties: {
        metric: { type: "string" },
        where: { type: "object" },
        relative_to: { type: "object" },
        value: RATIO,
        source: { type: "string" },
        tolerance: RATIO,
        within: RATIO,
        at_most: RATIO,
      },
    },
  },
  slos: {
    type: "array",
    items: {
      type: "object",
      additionalProperties: false,
      required: ["id", "sli", "op", "value"],
      properties: {
        id: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$" },
        sli: { type: "string" },
        over: {
          type: "object",
          additionalProperties: false,
          properties: {
            time: { const: "measure" },
            outcome: { const: "ok" },
            fault: { type: "string" },
            keys: { type: "string", pattern: "^(max|p[0-9]+)$" },
            repetitions: { type: "string", pattern: "^(median|max|min|p[0-9]+)$" },
          },
        },
        op: { enum: ["<", "<=", ">", ">=", "==", "!="] },
        value: { type: ["number", "string"] },
        severity: { enum: ["fail", "abort"] },
      },
    },
  },
  "report.headline": { type: "array", minItems: 1, items: { type: "string" } },
  "measure.probes": namesSchema(PROBES.map(({ name }) => name)),
  "measure.raw.trace_windows": {
    anyOf: [
      { const: "none" },
      {
        type: "array",
        items: {
          type: "object",
          additionalProperties: false,
          required: ["from", "to"],
          properties: { from: DURATION, to: DURATION },
        },
      },
    ],
  },
  "analysis.pareto": {
    type: "array",
    items: {
      anyOf: ["minimise", "maximise"].map((goal) => ({
        type: "object",
        additionalProperties: false,
        required: [goal],
        properties: { [goal]: { type: "string" } },
      })),
    },
  },
  "analysis.model_overlay": namesSchema(["pbs"]),
  extends: { type: "string", minLength: 1 },
  profiles: { type: "object", additionalProperties: { type: "object" } },
};
