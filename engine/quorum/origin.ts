/** Who is owed the answer of a request: a client's session on this node, or the node that forwarded. */
export type Origin =
  | { readonly kind: "session"; readonly session: number; readonly id: number }
  | { readonly kind: "peer"; readonly node: number; readonly id: number };
