/** A badge that names a world: stands beside every heading and row whose numbers come from one of two. */
import { escapeText } from "../charts/markup";
import { WORLD_IN_WORDS, type World } from "../statistics/worlds";

/** HTML. */
export function worldBadge(world: World): string {
  return `<span class="world ${world}">${escapeText(WORLD_IN_WORDS[world])}</span>`;
}
