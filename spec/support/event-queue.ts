/** Events by time, then by order of entry. */
export class EventQueue {
  now = 0;
  private readonly events: { time: number; action: () => void }[] = [];

  after(delay: number, action: () => void): void {
    const time = this.now + delay;
    let position = this.events.length;
    while (position > 0 && this.events[position - 1]!.time > time) position--;
    this.events.splice(position, 0, { time, action });
  }

  run(): void {
    for (let event = this.events.shift(); event; event = this.events.shift()) {
      this.now = event.time;
      event.action();
    }
  }
}
