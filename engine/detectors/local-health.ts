/**
 * Lifeguard's local health: a node that gets no answers asks itself whether it is the one that is slow. The score rises with each
 * probe that failed, each relay that should have said that it hears nothing and did not, and each suspicion of oneself that had to
 * be refuted; it falls with each probe that succeeded. Probes are then less frequent and more patient by score + 1.
 */
export class LocalHealth {
  private score = 0;

  /** `highest`: of the score; 0: always healthy. */
  constructor(private readonly highest: number) {}

  better(): void {
    if (this.score > 0) this.score--;
  }

  worse(by: number): void {
    this.score = Math.min(this.highest, this.score + by);
  }

  /** By how much intervals and timeouts are longer; 1: by nothing. */
  get factor(): number {
    return this.score + 1;
  }
}
