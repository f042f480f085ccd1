/** Items 0 … n − 1 by priority, highest first; priorities may change while an item is in the heap. */
export class IndexedHeap {
  private readonly items: Int32Array;
  private readonly place: Int32Array;
  private readonly priority: Float64Array;
  private size = 0;

  constructor(capacity: number) {
    this.items = new Int32Array(capacity);
    this.place = new Int32Array(capacity).fill(-1);
    this.priority = new Float64Array(capacity);
  }

  clear(): void {
    for (let k = 0; k < this.size; k++) this.place[this.items[k]!] = -1;
    this.size = 0;
  }

  /** −1 when empty. */
  get top(): number {
    return this.size > 0 ? this.items[0]! : -1;
  }

  priorityOf(item: number): number {
    return this.priority[item]!;
  }

  has(item: number): boolean {
    return this.place[item]! >= 0;
  }

  /** Inserts an item or changes its priority. */
  set(item: number, priority: number): void {
    let at = this.place[item]!;
    const before = at < 0 ? -Infinity : this.priority[item]!;
    this.priority[item] = priority;
    if (at < 0) {
      at = this.size++;
      this.items[at] = item;
      this.place[item] = at;
    }
    if (priority > before) this.rise(at);
    else this.sink(at);
  }

  remove(item: number): void {
    const at = this.place[item]!;
    if (at < 0) return;
    this.place[item] = -1;
    const last = this.items[--this.size]!;
    if (last === item) return;
    this.items[at] = last;
    this.place[last] = at;
    this.rise(at);
    this.sink(this.place[last]);
  }

  private rise(at: number): void {
    const { items, place, priority } = this;
    const item = items[at]!;
    const own = priority[item]!;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const other = items[up]!;
      if (priority[other]! >= own) break;
      items[at] = other;
      place[other] = at;
      at = up;
    }
    items[at] = item;
    place[item] = at;
  }

  private sink(at: number): void {
    const { items, place, priority, size } = this;
    const item = items[at]!;
    const own = priority[item]!;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= size) break;
      if (down + 1 < size && priority[items[down + 1]!]! > priority[items[down]!]!) down++;
      const other = items[down]!;
      if (priority[other]! <= own) break;
      items[at] = other;
      place[other] = at;
      at = down;
    }
    items[at] = item;
    place[item] = at;
  }
}
