import { describe, expect, it } from '@jest/globals';
import { anthropic, openai } from '../src/index.js';

// These files are checked with exactOptionalPropertyTypes: values from the environment need no detour.
const { NO_SUCH_VARIABLE } = process.env;

describe('options from the environment', () => {
  it('may be undefined, and are then absent', async () => {
    const one = openai({ apiKey: 'sk-none', baseUrl: NO_SUCH_VARIABLE, headers: undefined });
    const other = anthropic({ apiKey: 'sk-none', baseUrl: NO_SUCH_VARIABLE, name: NO_SUCH_VARIABLE });
    expect([one.name, other.name]).toEqual(['openai', 'anthropic']);
    await Promise.all([one.close(), other.close()]);
  });
});
