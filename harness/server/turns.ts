/** One party at a time works on the machine; the others wait for their turn in the order they came. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly isEnabled: boolean) {}

  run<T>(work: () => Promise<T>): Promise<T> {
    if (!this.isEnabled) return work();
    const mine = this.last.then(work, work);
    this.last = mine.catch(() => undefined);
    return mine;
  }
}
