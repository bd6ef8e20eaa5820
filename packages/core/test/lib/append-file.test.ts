import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { bundledProgram } from '@tollgate/testkit/bundled-program';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-append-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a file that is appended to and never closed', () => {
  it('is not collected, which would end the process or warn of it', async () => {
    const path = join(folder, 'dropped.jsonl');
    const program = bundledProgram(import.meta.dirname, 'dropped-file-process');
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, path]);
    expect({ stdout, stderr }).toEqual({ stdout: 'still here\n', stderr: '' });
    expect(readFileSync(path, 'utf8')).toBe('a line\n');
  });
});
