import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { type Path, refusal } from './call.js';

const modules = new URL('../../../../node_modules/', import.meta.url);

/** The names of an interface's own fields in a declaration file, and whether they travel in the body. */
function fieldsOf(file: string, name: string): string[] {
  const text = readFileSync(fileURLToPath(new URL(file, modules)), 'utf8');
  const start = text.indexOf(`interface ${name} {`);
  const body = text.slice(start, text.indexOf('\n}', start));
  const inBody = body.replace(/\/\*\*\s+\* Header param:(?:[^*]|\*(?!\/))*\*\/\s+\w+\??:/g, '');
  return [...inBody.matchAll(/^ {4}(\w+)\??: /gm)].map((match) => match[1] ?? '');
}

/** Known fields that are refused with this test's value, or without a worst case. */
const bounded = [
  'conversation',
  'inference_geo',
  'previous_response_id',
  'prompt',
  'service_tier',
  'speed',
  'web_search_options',
];

const beta = '@anthropic-ai/sdk/resources/beta/messages/messages.d.ts';

const formats: readonly [Path, string, string, refused: string[]][] = [
  ['chat', 'openai/resources/chat/completions/completions.d.ts', 'ChatCompletionCreateParamsBase', []],
  [
    'responses',
    'openai/resources/responses/responses.d.ts',
    'ResponseCreateParamsBase',
    ['context_management'],
  ],
  ['embeddings', 'openai/resources/embeddings.d.ts', 'EmbeddingCreateParams', []],
  [
    'messages',
    '@anthropic-ai/sdk/resources/messages/messages.d.ts',
    'MessageCreateParamsBase',
    ['container'],
  ],
  [
    'messages',
    beta,
    'MessageCreateParamsBase',
    [
      'billing_policy',
      'compaction',
      'container',
      'fallback_credit_token',
      'fallbacks',
      'mcp_servers',
      'thread',
    ],
  ],
];

describe('the fields of the official SDKs', () => {
  it.each(formats)('%s: each of %s is known, or refused on purpose', (path, file, name, refused) => {
    const fields = fieldsOf(file, name);
    expect(fields).toContain('model');
    const others = fields.filter((field) => !['model', 'messages', 'input'].includes(field));
    const refusals = others.filter((field) => {
      return (
        !bounded.includes(field) && refusal(path, { [field]: 'x' }) === `400 unsupported_parameter ${field}`
      );
    });
    expect(refusals.sort()).toEqual(refused);
    const withNull = others.filter((field) => refusal(path, { [field]: null }) !== 'passed');
    expect(withNull.sort()).toEqual(refused.filter((field) => field.startsWith('fallback')));
  });
});
