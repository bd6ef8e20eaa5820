import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { proofOf } from '../src/proof.js';

const server = join(dirname(fileURLToPath(import.meta.url)), '../dist/server.js');

describe('the example cluster', () => {
  it('proves in a small run that two processes keep one budget', async () => {
    const env = {
      PATH: process.env.PATH,
      WORKERS: '2',
      REQUESTS: '20',
      CAP_NANO_USD: '2000000',
      ASKS_AGAIN: '1',
    };
    const { stdout } = await promisify(execFile)(process.execPath, [server], { env });
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toBe(
      '2 processes, 20 clients at each, half of them with streams, one budget on a Redis of our own',
    );
    expect(lines.slice(1, -2).map((line) => line.slice(0, 6))).toEqual(Array(5).fill('holds:'));
    expect(lines.at(-2)).toMatch(/^in \d+ ms$/);
    expect(lines.at(-1)).toMatch(/^try: /);
  });

  const facts = {
    capNanoUsd: 1_000,
    looks: 100,
    mostNanoUsd: 900,
    answers: { 200: 3, 402: 10 },
    providerRequests: 3,
    billNanoUsd: 800,
    usedNanoUsd: 800,
    heldNanoUsd: 0,
    events: 3,
    differentEvents: 3,
    eventsNanoUsd: 800,
    streams: 1,
    tookMs: 10,
  };
  it.each<[string, object, number]>([
    ['too much was used and held', { mostNanoUsd: 1_001 }, 0],
    ['the provider bills more', { billNanoUsd: 801 }, 1],
    ['something is still held', { heldNanoUsd: 1 }, 2],
    ['a request passed that the provider never saw', { answers: { 200: 4 } }, 3],
    ['something else was answered', { answers: { 200: 3, 503: 1 } }, 3],
    ['an event came twice', { differentEvents: 2 }, 4],
  ])('says what is broken when %s', (_what, more, broken) => {
    expect(proofOf(facts).every(({ holds }) => holds)).toBe(true);
    expect(proofOf({ ...facts, ...more }).findIndex(({ holds }) => !holds)).toBe(broken);
  });
});
