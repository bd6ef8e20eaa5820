import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { scriptOf } from '../src/script/scripts.js';

const sources = join(import.meta.dirname, '../src');

describe('every script', () => {
  it('says in its first line that it builds the names of keys, which Dragonfly wants to know', () => {
    const { source, sha1 } = scriptOf('return 1');
    expect(source).toBe('--!df flags=allow-undeclared-keys\nreturn 1');
    expect(sha1).toMatch(/^[0-9a-f]{40}$/);
    expect(scriptOf('return 1').sha1).toBe(sha1);
  });

  it('is made in one place', () => {
    const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    expect(files.length).toBeGreaterThan(50);
    const makers = files.filter((path) =>
      /createHash\('sha1'\).*digest\('hex'\)/.test(readFileSync(join(sources, path), 'utf8')),
    );
    expect(makers.map((path) => path.replaceAll('\\', '/'))).toEqual(['script/scripts.ts']);
  });
});
