import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { type ChannelName, publish as publishWhole } from '@tollgate/core/internal';
import { usageEvent } from '@tollgate/testkit';
import { type LogEntry, type Logs, type LogsOptions, logs } from '../src/index.js';

/** The payloads here have only the fields that matter. */
const publish = publishWhole as (name: ChannelName, facts: () => object) => void;
const now = () => Date.parse('2026-11-01T00:00:00Z');

let open: Logs | undefined;
afterEach(() => {
  open?.close();
  jest.restoreAllMocks();
});

function logged(options: Omit<LogsOptions, 'write'> = {}): { entries: LogEntry[]; own: Logs } {
  const entries: LogEntry[] = [];
  const own = logs({ now, write: (entry) => entries.push(entry), ...options });
  open = own;
  return { entries, own };
}

describe('logs()', () => {
  it('writes an entry for each message, with its level, its channel and its facts', () => {
    const { entries } = logged();
    publish('tollgate:refuse', () => ({ requestId: 'r', code: 'budget_exceeded', status: 402, level: 'x' }));
    publish('tollgate:fault', () => ({ source: 'ledger', error: 'away' }));
    publish('tollgate:upstream', () => ({ target: 'openai', breaker: 'open' }));
    expect(entries).toEqual([
      {
        ...{ time: '2026-11-01T00:00:00.000Z', level: 'info', channel: 'refuse' },
        ...{ requestId: 'r', code: 'budget_exceeded', status: 402 },
      },
      expect.objectContaining({ level: 'error', channel: 'fault', source: 'ledger' }),
      expect.objectContaining({ level: 'warn', channel: 'upstream', breaker: 'open' }),
    ]);
  });

  it.each([
    ['tollgate:store', { outcome: 'failed' }, 'error'],
    ['tollgate:store', { state: 'up' }, 'warn'],
    ['tollgate:alert', { outcome: 'given up' }, 'error'],
    ['tollgate:alert', { outcome: 'received' }, 'info'],
    ['tollgate:settle', { outcome: 'lost' }, 'error'],
    ['tollgate:settle', { outcome: 'charged' }, 'debug'],
    ['tollgate:upstream', { outcome: 'ok' }, 'debug'],
    ['tollgate:upstream', { outcome: 'error' }, 'warn'],
    ['tollgate:drain', { refused: true }, 'warn'],
    ['tollgate:reserve', { ok: true }, 'debug'],
  ] as const)('reports %s with %j as %s', (channel, facts, level) => {
    const { entries } = logged({ level: 'debug' });
    publish(channel, () => facts);
    expect(entries.map((one) => one.level)).toEqual([level]);
  });

  it('writes nothing below its level', () => {
    const { entries, own } = logged({ level: 'warn' });
    publish('tollgate:refuse', () => ({ code: 'budget_exceeded' }));
    publish('tollgate:reserve', () => ({ ok: true }));
    own.sink.write(usageEvent({ outcome: 'ok' }));
    expect(entries).toEqual([]);
    own.sink.write(usageEvent({ outcome: 'error' }));
    expect(entries).toEqual([expect.objectContaining({ level: 'warn', channel: 'attempt' })]);
  });

  it('writes an entry for each attempt, without its charges', () => {
    const { entries, own } = logged();
    own.sink.write(usageEvent({ outcome: 'ok', model: 'gpt-5', costNanoUsd: '125000' }));
    expect(entries).toEqual([
      expect.objectContaining({ level: 'info', channel: 'attempt', model: 'gpt-5', costNanoUsd: '125000' }),
    ]);
    expect(entries[0]).not.toHaveProperty('charges');
  });

  it('writes lines of JSON on stdout by default', () => {
    const lines: unknown[] = [];
    jest.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(line) > 0);
    open = logs({ now });
    publish('tollgate:warning', () => ({ code: 'TOLLGATE_W_ORDER', message: 'one\ntwo' }));
    expect(lines).toHaveLength(1);
    expect(String(lines[0])).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(String(lines[0]))).toMatchObject({ channel: 'warning', message: 'one\ntwo' });
  });

  it('holds up no event where its writer fails, and says so', () => {
    const faults: unknown[] = [];
    const end = subscribe('tollgate:fault', (facts) => faults.push(facts));
    open = logs({
      now,
      write: () => {
        throw new Error('disk full');
      },
    });
    expect(() => open?.sink.write(usageEvent({ eventId: 'e1' }))).not.toThrow();
    end();
    expect(faults).toEqual([{ source: 'logs', eventId: 'e1', error: 'Error: disk full' }]);
  });

  it('writes nothing after close()', () => {
    const { entries, own } = logged();
    own.close();
    publish('tollgate:fault', () => ({ source: 'ledger' }));
    expect(entries).toEqual([]);
  });

  it.each([
    [{ level: 'trace' }, 'logs: "level" must be one of "error", "warn", "info", "debug"'],
    [{ write: 'stdout' }, 'logs: "write" must be a function'],
    [{ tenants: true }, 'logs: unknown option "tenants"'],
  ])('refuses to start with %j', (options, message) => {
    expect(() => logs(options as never)).toThrow(message);
  });
});
