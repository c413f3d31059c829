/**
 * The version of what the engine *means*. A trial is addressed by its resolved cell, its seed and this string, so that
 * a result made under other rules can never be mistaken for a current one.
 *
 * Raise it with every change after which the same cell and the same seed may give another history: the order of
 * effects, a draw of randomness more or less, a default, a clock's merge, the meaning of a quorum. Do not raise it for
 * speed, wording, new tunables whose default is the old behaviour, or measures (those carry a version of their own).
 * The golden scenarios hold it honest: their digest changes exactly when this must.
 */
export const SEMANTICS_VERSION = "6";
