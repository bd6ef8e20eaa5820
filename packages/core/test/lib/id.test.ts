import { describe, expect, it } from '@jest/globals';
import { idTimeMs, newId } from '../../src/lib/id.js';

describe('newId', () => {
  it('mints UUIDv7 that carry their time', () => {
    const id = newId(1_795_000_000_123);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(idTimeMs(id)).toBe(1_795_000_000_123);
    expect(idTimeMs('not-an-id')).toBeUndefined();
  });

  it('does not repeat itself', () => {
    const ids = new Set(Array.from({ length: 10_000 }, () => newId(0)));
    expect(ids.size).toBe(10_000);
  });
});
