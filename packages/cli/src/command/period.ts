import type { Command } from 'commander';
import { UsageError } from './failure.js';
import { momentMs } from './when.js';

/** A period as it is typed. */
export interface PeriodOptions {
  readonly month?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Adds `--month`, `--from` and `--to` to a command. */
export function withPeriod(command: Command): Command {
  return command
    .option('--month <month>', '2026-10, in UTC; otherwise the running month')
    .option('--from <when>', 'from a date, or so long ago such as 7d, instead of --month')
    .option('--to <when>', 'up to a date; otherwise now');
}

/** Reads a period, `[fromMs, toMs)`; the running month in UTC where none is given. Throws a {@link UsageError}. */
export function periodOf(
  { month, from, to }: PeriodOptions,
  nowMs: number,
): { fromMs: number; toMs: number } {
  if (month !== undefined && (from !== undefined || to !== undefined)) {
    throw new UsageError('--month and --from, --to are two periods; give one of them');
  }
  if (month !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
    throw new UsageError(`--month must be a month such as 2026-10, received ${JSON.stringify(month)}`);
  }
  const begin = month === undefined ? new Date(nowMs) : new Date(`${month}-01T00:00:00Z`);
  const [year, index] = [begin.getUTCFullYear(), begin.getUTCMonth()];
  if (from === undefined && to === undefined) {
    return { fromMs: Date.UTC(year, index, 1), toMs: Date.UTC(year, index + 1, 1) };
  }
  const fromMs = from === undefined ? Date.UTC(year, index, 1) : agoMs('--from', from, nowMs);
  const toMs = to === undefined ? nowMs + 1 : agoMs('--to', to, nowMs);
  if (fromMs < 0 || fromMs >= toMs) throw new UsageError('--from must be before --to, and after 1970');
  return { fromMs, toMs };
}

/** `7d` means seven days ago: usage lies in the past. */
function agoMs(option: string, text: string, nowMs: number): number {
  const atMs = momentMs(option, text, nowMs);
  return /^\d+[smhdw]$/.test(text) ? nowMs - (atMs - nowMs) : atMs;
}
