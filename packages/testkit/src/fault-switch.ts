import { checkFaultMode, type FaultMode } from './fault-mode.js';

/** The mode in force, and who waits for another. */
export class FaultSwitch {
  #mode: FaultMode;
  #turned: Promise<void> = Promise.resolve();
  #turn: () => void = () => {};

  constructor(mode: FaultMode) {
    this.#mode = checkFaultMode(mode);
    this.#renew();
  }

  get mode(): FaultMode {
    return this.#mode;
  }

  set(mode: FaultMode): void {
    this.#mode = checkFaultMode(mode);
    const turn = this.#turn;
    this.#renew();
    turn();
  }

  /** Resolves when the mode is set again; with `withinMs`, after that time at the latest. */
  async changed(withinMs?: number): Promise<void> {
    if (withinMs === undefined) return this.#turned;
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([this.#turned, passed]);
    clearTimeout(timer);
  }

  #renew(): void {
    this.#turned = new Promise((resolve) => {
      this.#turn = resolve;
    });
  }
}
