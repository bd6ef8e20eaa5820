import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { ApiKeyRecord } from '@tollgate/core/internal';
import fc from 'fast-check';
import { checkKey, validUntilMs } from '../src/key-record.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const time = fc.integer({ min: 0, max: 100 });
const maybeTime = fc.option(time, { nil: undefined });
const records = fc.record({
  secrets: fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', 'c'), expiresAtMs: maybeTime }), {
    selector: ({ name }) => name,
    maxLength: 3,
  }),
  expiresAtMs: maybeTime,
  revokedAtMs: maybeTime,
});

function recordOf(made: { secrets: { name: string; expiresAtMs?: number | undefined }[] }): ApiKeyRecord {
  const secrets = made.secrets.map(({ name, expiresAtMs }) => ({ sha256: sha256(name), expiresAtMs }));
  return { keyId: 'k', tenant: 't', plan: 'p', scopes: [], ...made, secrets };
}

describe('judging a secret', () => {
  it('says the same as the rules, one by one', () => {
    fc.assert(
      fc.property(records, fc.constantFrom('a', 'b', 'c'), time, (made, name, nowMs) => {
        const secret = made.secrets.find((one) => one.name === name);
        const over = (atMs: number | undefined): boolean => atMs !== undefined && atMs <= nowMs;
        const expected = !secret
          ? 'unknown'
          : over(made.revokedAtMs)
            ? 'revoked'
            : over(made.expiresAtMs) || over(secret.expiresAtMs)
              ? 'expired'
              : 'valid';
        expect(checkKey(recordOf(made), sha256(name), nowMs)).toBe(expected);
      }),
    );
  });

  it('holds until exactly the time that it says', () => {
    fc.assert(
      fc.property(records, fc.constantFrom('a', 'b', 'c'), (made, name) => {
        const record = recordOf(made);
        fc.pre(checkKey(record, sha256(name), -1) === 'valid');
        const untilMs = validUntilMs(record, sha256(name));
        if (untilMs === Infinity) return;
        expect(checkKey(record, sha256(name), untilMs - 1)).toBe('valid');
        expect(checkKey(record, sha256(name), untilMs)).not.toBe('valid');
      }),
    );
  });

  it('knows nothing where there is no record', () => {
    expect(checkKey(undefined, sha256('a'), 0)).toBe('unknown');
    expect(checkKey(undefined, '0'.repeat(64), 0)).toBe('unknown');
  });
});
