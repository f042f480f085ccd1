import type { StopSignal } from '../solver/index.js';

/** The time limit of a solve and everything that follows it. */
export class Clock {
  private readonly startedAt = performance.now();

  constructor(private readonly limitSeconds: number) {}

  elapsed(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  left(): number {
    return this.limitSeconds - this.elapsed();
  }

  /** Raised at the limit or by the user. */
  signal(user: StopSignal | undefined): StopSignal {
    const isUp = () => user?.aborted === true || this.left() <= 0;
    return {
      get aborted() {
        return isUp();
      },
    };
  }

  /** Raised so many seconds after the limit, or after the user's signal was first seen. */
  signalAfter(graceSeconds: number, user: StopSignal | undefined): StopSignal {
    let seenAt: number | undefined;
    const isUp = () => {
      if (this.left() <= -graceSeconds) return true;
      if (!user?.aborted) return false;
      seenAt ??= this.elapsed();
      return this.elapsed() - seenAt > graceSeconds;
    };
    return {
      get aborted() {
        return isUp();
      },
    };
  }
}
