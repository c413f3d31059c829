/** Names for events on copies that are kept for others: none is given twice to one key, however many keys there are. */
import { strict as assert } from "node:assert";
import { BorrowedNames, MOST_NAMED } from "../../engine/replica/borrowed-names";
import { HINTED } from "../../engine/ring/ring";

const VNODE = HINTED | 3;

describe("borrowed names", () => {
  it("are the vnode's own until a copy was dropped, then one that no key has had", () => {
    const names = new BorrowedNames(true);
    assert.deepEqual([names.nameFor("a", VNODE), names.nameFor("a", VNODE)], [VNODE, VNODE]);
    names.dropped("a");
    assert.deepEqual([names.nameFor("a", VNODE), names.nameFor("a", VNODE)], [1, 1]);
    assert.equal(names.nameFor("b", VNODE), VNODE);
    const none = new BorrowedNames(false);
    none.nameFor("a", VNODE);
    none.dropped("a");
    assert.equal(none.nameFor("a", VNODE), undefined);
  });

  it("do not run out after many keys, and a key that was forgotten is given none that it has had", () => {
    const names = new BorrowedNames(true);
    const given = new Map<string, Set<number>>();
    const take = (key: string): void => {
      const name = names.nameFor(key, VNODE);
      assert.ok(name !== undefined, `${key} has no name`);
      let had = given.get(key);
      if (had === undefined) given.set(key, (had = new Set()));
      assert.ok(!had.has(name), `${key} is given ${name} again`);
      had.add(name);
      names.dropped(key);
    };
    for (const watched of ["first", "second"]) {
      take(watched);
      take(watched);
      for (let i = 0; i <= MOST_NAMED; i++) take(`${watched}${i}`);
    }
    for (const again of ["first", "second", "first0", `second${MOST_NAMED}`, "first"]) take(again);
    const none = new BorrowedNames(false);
    for (let i = 0; i < MOST_NAMED; i++) none.nameFor(`key${i}`, VNODE);
    assert.equal(none.nameFor("late", VNODE), undefined);
    assert.equal(none.nameFor("key0", VNODE), VNODE);
  });
});
