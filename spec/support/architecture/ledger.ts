/** Memory of one machine over time: what is taken and released, and the most that was held at once, bytes. */
export class Ledger {
  peakBytes = 0;
  private heldBytes = 0;
  private readonly held = new Map<string, number>();

  take(name: string, bytes: number): void {
    if (this.held.has(name)) throw new Error(`${name} is held already`);
    this.held.set(name, bytes);
    this.heldBytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.heldBytes);
  }

  release(name: string): void {
    const bytes = this.held.get(name);
    if (bytes === undefined) throw new Error(`${name} is not held`);
    this.held.delete(name);
    this.heldBytes -= bytes;
  }

  /** Names of what is held. */
  names(): string[] {
    return [...this.held.keys()];
  }
}
