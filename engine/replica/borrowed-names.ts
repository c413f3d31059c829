/**
 * Names under which a fallback makes events. A fallback copy is dropped once its home has it, and with it the count of the
 * events that were made on it; would the next copy of the same key count from one again, two writes would share a dot, and
 * one of them would vanish somewhere without a word. (Riak lets a vnode forget its id with its data, for this reason.) So a
 * name that was used on a key that was dropped is spent: the next life of that copy takes one that nobody has had.
 *
 * Names are numbers of vnodes. Where the ring walks, every primary's copy is in vnode 0 and all other numbers below the
 * hinted ones are free. Where it does not, none is, and a spent copy makes no events until the node's next boot; a
 * coordinator then has to find another replica. Both happen only when all primaries of a key are away, twice.
 *
 * Keys are remembered up to a bound. Beyond it all are forgotten at once, and whatever comes next has a name that no key has
 * had; where there is none, keys that come new make no events here.
 */
import { HINTED } from "../ring/ring";

/** Keys remembered. */
export const MOST_NAMED = 65_536;

export class BorrowedNames {
  /** Name in use by key; also of copies that were dropped since, until a new one is given. */
  private readonly named = new Map<string, { name: number; spent: boolean }>();
  private nextFree = 1;
  /** The first name of every key, once others were forgotten; before, the vnode's own. */
  private first: number | undefined;

  constructor(private readonly hasFree: boolean) {}

  /** The name for an event on this copy under a hinted `vnode`; undefined: there is none. */
  nameFor(key: string, vnode: number): number | undefined {
    const known = this.named.get(key);
    if (known !== undefined && !known.spent) return known.name;
    if (known === undefined) {
      if (this.named.size >= MOST_NAMED) {
        const first = this.takeFree();
        if (first === undefined) return undefined;
        this.first = first;
        this.named.clear();
      }
      const name = this.first ?? vnode;
      this.named.set(key, { name, spent: false });
      return name;
    }
    const name = this.takeFree();
    if (name === undefined) return undefined;
    known.name = name;
    known.spent = false;
    return name;
  }

  private takeFree(): number | undefined {
    return this.hasFree && this.nextFree < HINTED ? this.nextFree++ : undefined;
  }

  /** The copy is about to be dropped. */
  dropped(key: string): void {
    const known = this.named.get(key);
    if (known !== undefined) known.spent = true;
  }
}
