import { describe, expect, it } from '@jest/globals';
import { promptFacts } from '../../src/call/prompt-facts.js';
import { classifyPrompt } from '../../src/index.js';

const chat = (content: string, more = {}) => promptFacts({ messages: [{ role: 'user', content }], ...more });

describe('the task of a prompt', () => {
  it.each([
    ['simple', 'What is the capital of Norway?'],
    ['simple', 'Hello there'],
    ['extraction', 'Extract the names and dates from this letter: …'],
    ['extraction', 'Translate this into French: good morning'],
    ['code', 'Refactor this function in TypeScript: ```const a = 1```'],
    ['code', 'Write unit tests for my Python code'],
    ['reasoning', 'Compare the trade-offs of both plans step by step.'],
    ['reasoning', 'Why does this proof fail?'],
  ])('is "%s" for: %s', (task, text) => {
    expect(classifyPrompt(chat(text))).toBe(task);
  });

  it('is told by more than words: a schema, an effort to think', () => {
    expect(classifyPrompt(chat('Hello', { response_format: { type: 'json_schema' } }))).toBe('extraction');
    expect(classifyPrompt(chat('Hello', { reasoning_effort: 'high' }))).toBe('reasoning');
  });

  it('takes time in proportion to the prompt, whatever it is made of', () => {
    for (const piece of ['a', ' ', '`', 'step by ', '\n', '日']) {
      const text = piece.repeat(2_000_000 / piece.length);
      const startMs = performance.now();
      classifyPrompt(chat(text));
      expect(performance.now() - startMs).toBeLessThan(1_000);
    }
    const turns = Array.from({ length: 50_000 }, () => ({ role: 'user', content: 'code '.repeat(20) }));
    const startMs = performance.now();
    classifyPrompt(promptFacts({ messages: turns }));
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});

describe('what is told of a request', () => {
  it.each([
    [
      'OpenAI chat',
      {
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Hi you' },
        ],
      },
    ],
    ['responses', { instructions: 'Be brief.', input: 'Hi you' }],
    [
      'Anthropic',
      { system: 'Be brief.', messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi you' }] }] },
    ],
    [
      'Gemini',
      {
        systemInstruction: { parts: [{ text: 'Be brief.' }] },
        contents: [{ role: 'user', parts: [{ text: 'Hi you' }] }],
      },
    ],
  ])("is the same in %s's format", (_, body) => {
    expect(promptFacts(body)).toMatchObject({
      characters: 15,
      text: 'Be brief.\nHi you',
      opening: 'Be brief.Hi you',
      hasTools: false,
      hasMedia: false,
      maxOutputTokens: undefined,
    });
  });

  it('holds caps, tools and pictures, and survives what is no request', () => {
    const image = { type: 'image_url', image_url: { url: 'data:' } };
    const facts = chat('', { max_tokens: 7, tools: [{}], messages: [{ content: [image] }] });
    expect(facts).toMatchObject({ maxOutputTokens: 7, hasTools: true, hasMedia: true });
    expect(promptFacts({ messages: 7, max_tokens: -1 })).toMatchObject({ characters: 0 });
    let deep: object = { content: 'x' };
    for (let depth = 0; depth < 100_000; depth += 1) deep = { content: deep };
    expect(promptFacts({ messages: [JSON.parse('{}'), deep as never] }).characters).toBeLessThanOrEqual(1);
  });
});
