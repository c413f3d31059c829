/**
 * Typed reading of property values. YCSB looks options up at the point of use and parses them there, so a wrong number
 * in a file surfaces minutes into a run, one at a time; here every value is read up front and every problem is kept.
 * Keys that nobody asked for are the caller's to report.
 */

export class PropertyValues {
  readonly problems: string[] = [];
  private readonly asked = new Set<string>();

  constructor(private readonly properties: ReadonlyMap<string, string>) {}

  has(key: string): boolean {
    return this.text(key) !== undefined;
  }

  /** The value as given; undefined when absent. */
  text(key: string): string | undefined {
    this.asked.add(key);
    return this.properties.get(key);
  }

  /** A Java `long` or `int` in [min, max], read exactly: no digit of a 64-bit number is lost before it is refused. */
  integer(key: string, fallback: number, min: number, max: number): number {
    const text = this.text(key);
    if (text === undefined) return fallback;
    if (!/^[+-]?\d{1,30}$/.test(text)) return this.refuse(key, text, "an integer", fallback);
    const exact = BigInt(text.replace("+", ""));
    if (exact < BigInt(min) || exact > BigInt(max)) {
      return this.refuse(key, text, `an integer from ${min} to ${max}`, fallback);
    }
    return Number(exact);
  }

  /** A decimal number in [min, max], in Java's notation. */
  decimal(key: string, fallback: number, min = -Number.MAX_VALUE, max = Number.MAX_VALUE): number {
    const text = this.text(key);
    if (text === undefined) return fallback;
    if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/.test(text))
      return this.refuse(key, text, "a number", fallback);
    const value = Number(text.replace(/[dDfF]$/, ""));
    if (value >= min && value <= max) return value;
    return this.refuse(key, text, max === Number.MAX_VALUE ? `at least ${min}` : `from ${min} to ${max}`, fallback);
  }

  /** Only the word "true", in any case, is true: everything else is false, without complaint, as in Java. */
  flag(key: string, fallback: boolean): boolean {
    return this.text(key)?.toLowerCase() === "true" || (!this.has(key) && fallback);
  }

  choice<Name extends string>(key: string, fallback: Name, names: readonly Name[]): Name {
    const text = this.text(key);
    if (text === undefined) return fallback;
    const found = names.find((name) => name === text);
    return found ?? this.refuse(key, text, `one of ${names.join(", ")}`, fallback);
  }

  /** Keys present that were never asked for, in the file's order. */
  unasked(): string[] {
    return [...this.properties.keys()].filter((key) => !this.asked.has(key));
  }

  private refuse<T>(key: string, text: string, wanted: string, fallback: T): T {
    this.problems.push(`${key}: "${text}" is not ${wanted}`);
    return fallback;
  }
}
