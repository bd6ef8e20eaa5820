import { readFileSync } from 'node:fs';
import { UsageError } from './failure.js';

/** Parses a JSON file. Throws a {@link UsageError} where it cannot be read or is not JSON. */
export function jsonIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new UsageError(`${JSON.stringify(file)} ${why}`);
  }
}
