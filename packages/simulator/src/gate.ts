/** Holds answers back until it is opened. */
export class Gate {
  private opened: Promise<void> | undefined;
  private open: (() => void) | undefined;

  /** From now on, `passed()` waits. */
  hold(): void {
    this.opened ??= new Promise((resolve) => {
      this.open = resolve;
    });
  }

  /** Lets through all waiting and later requests. */
  release(): void {
    this.open?.();
    this.opened = undefined;
    this.open = undefined;
  }

  /** Resolves when the gate is open; undefined where it is open now. */
  passed(): Promise<void> | undefined {
    return this.opened;
  }
}
