/**
 * The front ends of a node process: Riak's HTTP API and its protocol buffers, as sessions beside the binary protocol. They
 * are loaded only where they are wanted, for a third protocol that nobody speaks is start-up time and memory of every node.
 * They open together or not at all, and close before the node does, so that no answer is cut off by its own end.
 */
import type { FrontLimits, FrontOptions } from "../riak/front";

/** What a node process is told of its front ends. */
export interface FrontPlan {
  /** The address to listen on. */
  readonly host: string;
  /** 0 takes a free one; undefined: it is not spoken. */
  readonly httpPort?: number;
  readonly pbPort?: number;
  readonly limits?: Partial<FrontLimits>;
}

export interface Front {
  /** Resolves to the port; 0 takes a free one. */
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

export type FrontConstructor = new (options: FrontOptions) => Front;

/** Loads what speaks a protocol. */
export interface FrontLoaders {
  http(): FrontConstructor;
  pb(): FrontConstructor;
}

const LOADERS: FrontLoaders = {
  http: () => (require("../http/server") as { readonly HttpFront: FrontConstructor }).HttpFront,
  pb: () => (require("../pb/server") as { readonly PbFront: FrontConstructor }).PbFront,
};

/** Connections that are still served keep a node's end waiting for no longer. */
const CLOSE_PATIENCE_MS = 1_000;

export class Fronts {
  private constructor(
    private readonly open: readonly Front[],
    /** Undefined: not spoken. */
    readonly http: number | undefined,
    readonly pb: number | undefined,
  ) {}

  /** Rejects, with nothing left open, when one cannot listen; the message names the port and what it was for. */
  static async open(plan: FrontPlan, options: FrontOptions, loaders: FrontLoaders = LOADERS): Promise<Fronts> {
    const opened: Front[] = [];
    const listen = async (front: Front, what: string, port: number): Promise<number> => {
      opened.push(front);
      try {
        return await front.listen(plan.host, port);
      } catch (error) {
        throw new Error(whyNot(error as NodeJS.ErrnoException, plan.host, port, what), { cause: error });
      }
    };
    try {
      const { httpPort, pbPort } = plan;
      const http = httpPort === undefined ? undefined : await listen(new (loaders.http())(options), "HTTP", httpPort);
      const pb =
        pbPort === undefined ? undefined : await listen(new (loaders.pb())(options), "protocol buffers", pbPort);
      return new Fronts(opened, http, pb);
    } catch (error) {
      await Promise.allSettled(opened.map((front) => front.close()));
      throw error;
    }
  }

  /** No new requests; those under way may be answered for a moment. Never rejects. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_PATIENCE_MS)));
    await Promise.race([Promise.allSettled(this.open.map((front) => front.close())), patience]);
    clearTimeout(timer);
  }
}

function whyNot({ code, message }: NodeJS.ErrnoException, host: string, port: number, what: string): string {
  const where = `port ${String(port)} on ${host}, for ${what},`;
  if (code === "EADDRINUSE") return `${where} is in use by another process`;
  if (code === "EACCES") return `${where} may not be listened on by this user`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return `${host} is no address of this machine`;
  return `${where} cannot be listened on: ${message}`;
}
