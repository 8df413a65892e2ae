// Where answers come within microseconds, falling asleep and being woken takes as long as the
// answer itself. So a lane with one message under way keeps its event loop turning for a moment,
// as long as answers have been coming that soon; everything else in the loop goes on meanwhile.
const awakeMs = 0.12;
/** What an answer takes that would have come in that time, if it also had to wake somebody. */
const soonMs = 0.2;

export class Wakefulness {
  private soon = false;
  private sent = 0;
  private waits = false;
  private turning = false;

  /** One message went out, and nothing else is under way. */
  wait(now: number): void {
    this.sent = now;
    this.waits = true;
    if (!this.soon || this.turning) return;
    this.turning = true;
    setImmediate(this.turn);
  }

  answered(now: number): void {
    this.waits = false;
    this.soon = now - this.sent < soonMs;
  }

  private readonly turn = (): void => {
    this.turning = this.waits && performance.now() - this.sent < awakeMs;
    if (this.turning) setImmediate(this.turn);
  };
}
