/**
 * Where a store that somebody else wrote is reached: a list of `host:port`. A port is always said: each of these stores
 * has one of its own, and an address without it would be read as another store's. An address of version 6 stands in
 * brackets, as in URLs; whatever else a URL has (a scheme, a path, a password) is refused here and not dropped later.
 */
import { isList, printWritten, wrong, type Checked, type Fault, type Written } from "./scalar-kinds";

export const MOST_HOSTS = 64;
export const HOSTS_TEXT = `a list of up to ${MOST_HOSTS} host:port, such as [127.0.0.1:6379] or ["[::1]:9042"]`;
const LONGEST_NAME = 253;

export interface HostPort {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Comes back as written, each once. One alone may stand without its list. */
export function checkHosts(value: Written): Checked {
  const one = typeof value === "string";
  const items: readonly Written[] = one ? [value] : isList(value) ? value : [];
  if (items.length === 0) return wrong(`is ${printWritten(value)}; allowed: ${HOSTS_TEXT}`);
  if (items.length > MOST_HOSTS) return wrong(`has ${items.length} entries; allowed: at most ${MOST_HOSTS}`);
  const faults: Fault[] = [];
  const seen = new Set<string>();
  items.forEach((item, i) => {
    const message =
      faultOf(item) ?? (seen.has(item as string) ? `is ${printWritten(item)}, which stands there already` : undefined);
    if (message !== undefined) faults.push({ path: one ? [] : [i], about: "value", message });
    else seen.add(item as string);
  });
  return faults.length === 0 ? { ok: true, value: [...seen] } : { ok: false, faults };
}

/** The two parts of what {@link checkHosts} let through. */
export function hostPort(text: string): HostPort {
  const at = text.lastIndexOf(":");
  const host = text.slice(0, at);
  return { host: host.startsWith("[") ? host.slice(1, -1) : host, port: Number(text.slice(at + 1)) };
}

function faultOf(item: Written): string | undefined {
  const found = `is ${printWritten(item)}`;
  if (typeof item !== "string") return `${found}; allowed: host:port, such as 127.0.0.1:6379`;
  if (item.includes("/") || item.includes("@"))
    return `${found}; allowed: host:port alone, without scheme, path or user`;
  const parts = /^(?<host>.+):(?<port>[0-9]+)$/.exec(item)?.groups;
  if (parts === undefined) return `${found}, which names no port; allowed: host:port, such as 127.0.0.1:6379`;
  const port = Number(parts["port"]);
  if (parts["port"].length > 5 || port < 1 || port > 65_535) return `${found}; a port is a number from 1 to 65535`;
  return nameFault(parts["host"], found);
}

function nameFault(host: string, found: string): string | undefined {
  if (host.startsWith("[") || host.includes(":")) {
    return /^\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]$/.test(host)
      ? undefined
      : `${found}; an address of version 6 stands in brackets, such as [::1]:6379`;
  }
  const numbers = /^[0-9.]+$/.test(host);
  const sound = numbers
    ? /^\d{1,3}(\.\d{1,3}){3}$/.test(host) && host.split(".").every((part) => Number(part) <= 255)
    : host.length <= LONGEST_NAME && host.split(".").every((label) => LABEL.test(label));
  return sound ? undefined : `${found}, whose host is no name and no address`;
}

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;
