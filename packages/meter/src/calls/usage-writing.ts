import type { TollgateContext, UsageSink } from '@tollgate/core';
import {
  type CallEnd,
  type CallStep,
  type RequestEnd,
  type SettledCall,
  usageEventOf,
  type Writing,
} from '@tollgate/core/internal';
import { writeEvent } from '../sinks/write-event.js';
import { unseenSettlement } from './estimated-settlement.js';

/** The settings of a meter that writing uses. */
export interface WritingSettings {
  readonly sinks: readonly UsageSink[];
  readonly now: () => number;
}

/** The last step of a request's calls: counts those that run, and writes the usage event of each that was settled. */
export class UsageWriting implements CallStep {
  readonly name = 'meter';
  readonly stage = 'record';
  /** The end of a declared call that was never begun. */
  declaredEnd: Pick<CallEnd, 'outcome' | 'status'> = declaredOk;
  #running = 0;
  #idle: (() => void)[] | undefined;

  constructor(
    private readonly settings: WritingSettings,
    private readonly context: TollgateContext,
  ) {}

  begin(call: Writing<SettledCall>): void {
    this.#running += 1;
    if (call.parsed && !call.settlement && !call.replays)
      call.running = unseenSettlement(call.parsed.estimate);
  }

  end(call: SettledCall, end: CallEnd): void {
    this.#running -= 1;
    this.#write(call, end);
    if (this.#running > 0 || !this.#idle) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = undefined;
  }

  finish(_end: RequestEnd, declared: SettledCall | undefined): void {
    if (declared) this.#write(declared, this.declaredEnd);
  }

  /** Resolves when no attempt is running. */
  whenIdle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle ??= [];
      this.#idle.push(resolve);
    });
  }

  #write(call: SettledCall, end: Pick<CallEnd, 'outcome' | 'status'>): void {
    const { settlement } = call;
    if (!settlement || call.recorded || this.settings.sinks.length === 0) return;
    const facts = { settlement, end, charges: call.charges ?? [], nowMs: this.settings.now() };
    writeEvent(this.settings.sinks, usageEventOf(this.context, call, facts));
  }
}

const declaredOk = { outcome: 'ok', status: 0 } as const;
