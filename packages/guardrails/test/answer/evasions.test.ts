import { describe, expect, it } from '@jest/globals';
import { personalData, secrets } from '../../src/index.js';
import { passed } from './streams.js';

const events = (...all: object[]): string => all.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('');

describe('an answer in which a secret stands elsewhere', () => {
  const rules = [secrets({ action: 'redact' }), personalData()];
  const mail = 'jane@example.com';

  it('is redacted in every text of a delta: calls, transcripts, reasoning, citations', () => {
    for (const delta of [
      { function_call: { name: 'f', arguments: `{"to":"${mail}"}` } },
      { tool_calls: [{ index: 0, custom: { input: mail } }] },
      { audio: { transcript: mail } },
      { reasoning_details: [{ index: 0, text: mail }] },
      { annotations: [{ url_citation: { title: mail } }] },
    ]) {
      const out = passed(events({ choices: [{ index: 0, delta }] }), rules);
      expect(out).toContain('[email]');
      expect(out).not.toContain(mail);
    }
    for (const event of [
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: mail } },
      {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'citations_delta', citation: { cited_text: mail } },
      },
      { type: 'response.output_item.added', item: { content: [{ text: mail }] } },
      { type: 'response.output_text.annotation.added', annotation: { title: mail } },
    ]) {
      expect(passed(events(event), rules)).not.toContain(mail);
    }
  });

  it('is not told again token by token', () => {
    const logprobs = {
      content: [{ token: 'jane', top_logprobs: [] }, { token: '@example' }, { token: '.com' }],
    };
    const stream = passed(events({ choices: [{ index: 0, delta: { content: mail }, logprobs }] }), rules);
    expect(stream).not.toContain('jane');
    const body = JSON.stringify({ choices: [{ index: 0, message: { content: mail }, logprobs }] });
    expect(passed(body, rules, 'application/json')).not.toContain('jane');
    const flagged = [personalData({ action: 'flag' })];
    expect(passed(body, flagged, 'application/json')).toBe(body);
  });

  it('is found behind a byte order mark', () => {
    expect(
      passed(`\ufeff${events({ choices: [{ index: 0, delta: { content: mail } }] })}`, rules),
    ).not.toContain(mail);
  });

  it('is found in a last event without its blank line, which SDKs read all the same', () => {
    const whole = events({ choices: [{ index: 0, delta: { content: mail } }] });
    const out = passed(whole.trimEnd(), rules);
    expect(out).toContain('[email]');
    expect(out).not.toContain(mail);
  });
});
