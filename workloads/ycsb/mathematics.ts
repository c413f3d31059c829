/** Stand-in until engine/vocabulary/mathematics.ts. */
export const ln = Math.log;
export const exp = Math.exp;
export const pow = Math.pow;
