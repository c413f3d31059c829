/**
 * The little of a browser's page that the replay's program touches, as types: the product is compiled without the
 * browser's own, so that no code of a server can name `document` by accident.
 */

export interface PageElement {
  textContent: string | null;
  innerHTML: string;
  value: string;
  checked: boolean;
  disabled: boolean;
  hidden: boolean;
  readonly tagName: string;
  readonly type: string;
  readonly clientWidth: number;
  readonly dataset: Record<string, string | undefined>;
  setAttribute(name: string, value: string): void;
  getBoundingClientRect(): { readonly left: number; readonly width: number };
  addEventListener(type: string, listener: (event: PageEvent) => void): void;
  closest(selector: string): PageElement | null;
}

export interface PageEvent {
  readonly target: PageElement;
  readonly key: string;
  readonly clientX: number;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  preventDefault(): void;
}

export interface PageWindow {
  readonly document: {
    readonly documentElement: PageElement;
    getElementById(id: string): PageElement | null;
    addEventListener(type: string, listener: (event: PageEvent) => void): void;
  };
  addEventListener(type: string, listener: () => void): void;
  matchMedia(query: string): { readonly matches: boolean };
  /** The argument is milliseconds. */
  requestAnimationFrame(callback: (now: number) => void): number;
}
