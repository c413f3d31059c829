/**
 * What a client accepts against what there is, by the rules of webmachine that Riak's clients rely on. They are older and
 * looser than RFC 9110: of media types with equal quality the one that stands *last* is tried first, and a type with
 * a quality of 0 is merely tried last. A header that cannot be read accepts nothing.
 */

interface Wanted {
  readonly type: string;
  readonly params: readonly string[];
  readonly quality: number;
}

/** The first of `provided` that `accept` wants most; undefined: 406. */
export function chooseMediaType(provided: readonly string[], accept: string | undefined): string | undefined {
  if (accept === undefined || accept === "*/*") return provided[0];
  const wanted = mediaTypesOf(accept);
  for (const { type, params } of wanted) {
    if (params.length > 0) continue;
    const found = provided.find((candidate) => matches(type, candidate));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Clients send one and the same header with every request. */
const known = new Map<string, readonly Wanted[]>();
const MAX_KNOWN = 256;
const MAX_KNOWN_LENGTH = 512;

function mediaTypesOf(accept: string): readonly Wanted[] {
  let wanted = known.get(accept);
  if (wanted !== undefined) return wanted;
  wanted = parsed(accept);
  if (known.size >= MAX_KNOWN) known.clear();
  if (accept.length <= MAX_KNOWN_LENGTH) known.set(accept, wanted);
  return wanted;
}

function parsed(accept: string): readonly Wanted[] {
  const wanted: Wanted[] = [];
  for (const part of accept.split(",")) {
    const [type, ...params] = part.split(";").map((piece) => piece.trim());
    if (type === "") continue;
    const quality = params.find((param) => param.startsWith("q="));
    const value = quality === undefined ? 1 : qualityOf(quality.slice(2));
    if (value === undefined) return [];
    wanted.push({ type, params: params.filter((param) => param !== quality && param !== ""), quality: value });
  }
  return wanted.reverse().sort((a, b) => b.quality - a.quality);
}

function qualityOf(text: string): number | undefined {
  return /^(0|1|[01]?\.\d+|[01]\.)$/.test(text) ? Number(text) : undefined;
}

function matches(wanted: string, provided: string): boolean {
  if (wanted === "*/*" || wanted === "*" || wanted === provided) return true;
  const [group, rest] = wanted.split("/");
  return rest === "*" && provided.startsWith(`${group}/`);
}

/**
 * The same for charsets and encodings. `usual` is what a client takes that does not mention it. Undefined: 406.
 */
export function chooseToken(provided: readonly string[], accepted: string, usual: string): string | undefined {
  const wanted = tokensOf(accepted);
  if (wanted === undefined) return undefined;
  const star = wanted.find(({ type }) => type === "*")?.quality;
  const refused = (token: string): boolean =>
    wanted.some(({ type, quality }) => quality === 0 && type.toLowerCase() === token.toLowerCase());
  for (const { type, quality } of wanted) {
    if (quality === 0) continue;
    const found = provided.find((token) => token.toLowerCase() === type.toLowerCase());
    if (found !== undefined) return found;
  }
  const left = provided.filter((token) => !refused(token));
  if (star !== undefined && star > 0) return left[0];
  return star !== 0 && !refused(usual) ? left.find((token) => token.toLowerCase() === usual.toLowerCase()) : undefined;
}

function tokensOf(accepted: string): readonly Wanted[] | undefined {
  const wanted: Wanted[] = [];
  for (const part of accepted.split(",")) {
    const [type, ...params] = part.split(";").map((piece) => piece.trim());
    if (type === "") continue;
    const quality = params.length === 0 ? 1 : params[0].startsWith("q=") ? qualityOf(params[0].slice(2)) : undefined;
    if (quality === undefined) return undefined;
    wanted.push({ type, params: [], quality });
  }
  return wanted.sort((a, b) => b.quality - a.quality);
}
