import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { workloadFromProperties, type ImportedWorkload } from "../../../workloads/ycsb/import";
import { propertyMap, readProperties } from "../../../workloads/ycsb/properties";

const CATALOGUE = join(__dirname, "../../../experiments/catalogue/ycsb");
const CORE = "workload=site.ycsb.workloads.CoreWorkload\n";

function properties(text: string): Map<string, string> {
  const reading = readProperties(text);
  assert(reading.ok);
  return propertyMap(reading.entries);
}

function imported(text: string): ImportedWorkload {
  const result = workloadFromProperties(properties(text), { name: "test" });
  assert(result.ok, result.ok ? "" : result.problems.join("; "));
  return result.settings;
}

function problems(text: string): readonly string[] {
  const result = workloadFromProperties(properties(text), { name: "test" });
  assert(!result.ok, "the file is refused");
  return result.problems;
}

describe("YCSB property files", () => {
  const mixes: Record<string, Partial<ImportedWorkload["mix"]>> = {
    a: { read: 0.5, update: 0.5 },
    b: { read: 0.95, update: 0.05 },
    c: { read: 1 },
    d: { read: 0.95, insert: 0.05 },
    e: { scan: 0.95, insert: 0.05 },
    f: { read: 0.5, rmw: 0.5 },
  };
  const nothing = { read: 0, update: 0, insert: 0, scan: 0, rmw: 0, delete: 0, blindWrite: 0 };

  for (const [letter, mix] of Object.entries(mixes)) {
    it(`reads workload ${letter.toUpperCase()} of the catalogue without a note`, () => {
      const settings = imported(readFileSync(join(CATALOGUE, `workload${letter}`), "latin1"));
      assert.deepEqual(settings.mix, { ...nothing, ...mix });
      assert.equal(settings.records.chooser.name, letter === "d" ? "latest" : "zipfian");
      assert.equal(settings.records.recordCount, 1000);
      assert.equal(settings.records.insertCount, 1000);
      assert.equal(settings.records.operationCount, 1000);
      assert.equal(settings.records.fieldCount, 10);
      assert.deepEqual(settings.records.fieldLength, { dist: "constant", bytes: 100 });
      assert.equal(settings.records.hashedOrder, true);
      assert.deepEqual(settings.records.scan, { min: 1, max: letter === "e" ? 100 : 1000, dist: "uniform" });
      assert.deepEqual(settings.notes, []);
      assert.equal(settings.dialect, "ycsb");
    });
  }

  it("has the defaults of YCSB's code, not of its template", () => {
    const settings = imported(`${CORE}recordcount=10`);
    assert.deepEqual(settings.mix, { ...nothing, read: 0.95, update: 0.05 });
    assert.deepEqual(settings.records.chooser, { name: "uniform" });
    assert.equal(settings.threads, 1);
    assert.equal(settings.targetPerSecond, undefined);
    assert.equal(settings.maxSeconds, undefined);
    assert.equal(settings.transactions, true);
    assert.equal(settings.table, "usertable");
    assert.equal(settings.measurementInterval, "op");
    assert.equal(settings.records.zeroPadding, 1);
    assert.equal(settings.records.fieldNamePrefix, "field");
    assert.equal(settings.records.readAllFields, true);
    assert.equal(settings.records.writeAllFields, false);
  });

  it("keeps the default proportions beside a lone scanproportion, as YCSB does", () => {
    const { mix } = imported(`${CORE}recordcount=10\nscanproportion=1`);
    assert.deepEqual([mix.read, mix.update, mix.scan], [0.95, 0.05, 1]);
  });

  it("reads a recordcount of 0 as 2147483647 and says so", () => {
    const settings = imported(CORE);
    assert.equal(settings.records.recordCount, 2_147_483_647);
    assert.match(settings.notes.join(), /2147483647/);
  });

  it("splits the load by insertstart and insertcount, and refuses a range beyond recordcount", () => {
    const { records } = imported(`${CORE}recordcount=100\ninsertstart=30`);
    assert.deepEqual([records.insertStart, records.insertCount], [30, 70]);
    assert.match(problems(`${CORE}recordcount=100\ninsertstart=30\ninsertcount=71`).join(), /101/);
  });

  it("reports every wrong value at once, with key and value", () => {
    const found = problems(
      "workload=some.Other\nrecordcount=ten\nreadproportion=-1\nrequestdistribution=zipf\nthreadcount=0\n" +
        "operationcount=9999999999\nminscanlength=7\nmaxscanlength=3\nfieldlengthdistribution=histogram",
    );
    for (const key of ["workload", "recordcount", "readproportion", "requestdistribution", "threadcount"]) {
      assert(
        found.some((line) => line.startsWith(`${key}:`)),
        `${key} is reported in ${found.join("; ")}`,
      );
    }
    assert.match(found.join("\n"), /operationcount: "9999999999"/);
    assert.match(found.join("\n"), /minscanlength: 7/);
    assert.match(found.join("\n"), /histogram/);
  });

  it("does not round a 64-bit count before it refuses it", () => {
    assert.match(problems(`${CORE}recordcount=9223372036854775807`).join(), /"9223372036854775807"/);
  });

  it("names what it passes over, by the reason why, with the nearest known key", () => {
    const { notes } = imported(
      `${CORE}recordcount=10\nreadpropotion=1\nbasicdb.verbose=true\ncolumnfamily=f\nhistogram.buckets=5\nstatus=true\nxyzzyplugh=1`,
    );
    const text = notes.join("\n");
    assert.match(text, /unknown properties, ignored: readpropotion \(did you mean readproportion\?\), xyzzyplugh$/m);
    assert.match(text, /binding, ignored: basicdb.verbose, columnfamily/);
    assert.match(text, /measurement, not used: histogram.buckets/);
    assert.match(text, /client, not used: status/);
  });

  it("recognises a file of go-ycsb", () => {
    const settings = imported("workload=core\nrecordcount=10\nmeasurement.interval=10\nkeyprefix=u\nbatch.size=1");
    assert.equal(settings.dialect, "go-ycsb");
    assert.equal(settings.records.keyPrefix, "u");
    assert.equal(settings.measurementInterval, "op");
    assert.match(settings.notes.join("\n"), /go-ycsb file, recognised by: workload=core, measurement.interval=10/);
    assert.match(settings.notes.join("\n"), /not used: batch.size/);
  });

  it("takes hotspot fractions outside 0 to 1 as 0 and notes a zipfian file without operationcount", () => {
    const hot = imported(`${CORE}recordcount=10\nrequestdistribution=hotspot\nhotspotdatafraction=1.5`);
    assert.deepEqual(hot.records.chooser, { name: "hotspot", dataFraction: 0, operationFraction: 0.8 });
    assert.match(hot.notes.join(), /hotspotdatafraction/);
    const zipfian = imported(`${CORE}recordcount=10\nrequestdistribution=zipfian`);
    assert.match(zipfian.notes.join(), /operationcount absent/);
  });

  it("refuses the combination on which YCSB hangs: room for inserts that dwarfs the records", () => {
    const text = `${CORE}recordcount=10\noperationcount=1000000\nrequestdistribution=zipfian\ninsertproportion=0.5`;
    assert.match(problems(text).join(), /redrawn/);
  });

  it("lets overrides beat the file, and takes only the word true for true", () => {
    const result = workloadFromProperties(properties(`${CORE}recordcount=10\nreadallfields=yes\nwriteallfields=TRUE`), {
      name: "x",
      overrides: new Map([
        ["recordcount", "20"],
        ["target", "500"],
      ]),
    });
    assert(result.ok);
    assert.equal(result.settings.records.recordCount, 20);
    assert.equal(result.settings.targetPerSecond, 500);
    assert.equal(result.settings.records.readAllFields, false);
    assert.equal(result.settings.records.writeAllFields, true);
  });
});
