import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { root } from './house.js';

interface Row {
  readonly question: string;
  readonly file: string;
  readonly name: string;
}

const rows: readonly Row[] = readFileSync(join(root, 'docs/where.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\|.*`packages\//.test(line))
  .map((line) => {
    const [, question = '', , file = '', name = ''] = line.split('|');
    return { question: question.trim(), file: codeIn(file), name: codeIn(name) };
  });

function codeIn(cell: string): string {
  return /^ ?`([^`]+)` ?$/.exec(cell)?.[1] ?? '';
}

describe('docs/where.md', () => {
  it('answers at least the twelve questions that new readers have asked', () => {
    expect(rows.filter(({ question }) => question.endsWith('?')).length).toBeGreaterThanOrEqual(12);
  });

  it.each(rows)('names what is there: $file $name', ({ file, name }) => {
    expect(existsSync(join(root, file))).toBe(true);
    expect(name).toMatch(/^\w+$/);
    expect(readFileSync(join(root, file), 'utf8')).toMatch(new RegExp(`\\b${name}\\b`));
  });
});
