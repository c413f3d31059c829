/** Who is owed the answer of a request: a client's session on this node, the node that forwarded, or nobody. */
export type Origin =
  | { readonly kind: "session"; readonly session: number; readonly id: number }
  | { readonly kind: "peer"; readonly node: number; readonly id: number }
  /** The node asks for its own purposes; nobody is answered. */
  | { readonly kind: "nobody"; readonly id: 0 };
