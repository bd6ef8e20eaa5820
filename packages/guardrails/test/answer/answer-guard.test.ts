import { describe, expect, it } from '@jest/globals';
import type { TollgateError } from '@tollgate/core';
import type { Call } from '@tollgate/core/internal';
import fc from 'fast-check';
import { AnswerGuard } from '../../src/answer/answer-guard.js';
import { pattern, personalData, type Report, type Rule, secrets } from '../../src/index.js';
import { at, eventsOf, type StreamFormat, streamFormats } from './streams.js';

/** A call that remembers why it was stopped. */
function fakeCall(): Call & { stopped: TollgateError | undefined } {
  const call = {
    stopped: undefined as TollgateError | undefined,
    stop(error: TollgateError) {
      call.stopped ??= error;
    },
  };
  return call as unknown as ReturnType<typeof fakeCall>;
}

interface Passed {
  readonly out: string;
  readonly reports: readonly Report[];
  readonly stopped: TollgateError | undefined;
}

/** Sends a stream through the guard, cut at these bytes; stops where the call is stopped, as a transport does. */
function pass(
  stream: string,
  cuts: readonly number[],
  rules: readonly Rule[],
  type = 'text/event-stream',
): Passed {
  const bytes = Buffer.from(stream);
  const call = fakeCall();
  const reports: Report[] = [];
  const guard = new AnswerGuard(call, rules, (report) => reports.push(report));
  guard.begin(200, type);
  const out: Uint8Array[] = [];
  const at = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let index = 1; index < at.length && !call.stopped; index += 1) {
    out.push(guard.push(bytes.subarray(at[index - 1], at[index])));
  }
  out.push(guard.end(new Uint8Array(0)));
  return { out: Buffer.concat(out).toString(), reports, stopped: call.stopped };
}

const read = (format: StreamFormat, { out }: Passed): { text: string; reason: unknown } => {
  const events = eventsOf(out);
  return { text: format.textOf(events), reason: format.reasonOf(events) };
};

const pieces = [
  'The card',
  ' is 4111',
  ' 1111',
  ' 1111 1',
  '111, mail',
  ' jöhn.d',
  'oe@exam',
  'ple.com',
  '. Bye 🌊',
  '!',
];
const expected = 'The card is [card], mail jö[email]. Bye 🌊!';

for (const format of streamFormats) {
  describe(`an answer streamed as ${format.name}`, () => {
    it('is redacted across its pieces, wherever its bytes are cut', () => {
      const stream = format.of(pieces);
      for (let cut = 0; cut <= Buffer.byteLength(stream); cut += 1) {
        const passed = pass(stream, [cut], [personalData()]);
        expect(read(format, passed)).toEqual({ text: expected, reason: format.usual });
        expect(passed.reports.map(({ kinds }) => kinds.join())).toEqual(['pii.card', 'pii.email']);
      }
    });

    it('passes byte for byte where nothing is found', () => {
      const stream = format.of(['It is ', '42, or 4111 ', 'perhaps', ' a@ b', '.']);
      for (let cut = 0; cut <= Buffer.byteLength(stream); cut += 7) {
        expect(pass(stream, [cut], [personalData(), secrets()]).out).toBe(stream);
      }
    });

    it.each([
      ['a bearer token', `Bearer ${'a1B2c3'.repeat(6)}`],
      ['a key of AWS', `aws_secret_access_key = "${'Ab3/'.repeat(10)}"`],
      ['a key of AWS in YAML', `aws_secret_access_key: ${'Ab3/'.repeat(10)}`],
    ])('passes no part of %s, wherever the pieces divide it', (_what, secret) => {
      for (let at = 1; at < secret.length; at += 1) {
        const stream = format.of(['Use ', secret.slice(0, at), secret.slice(at), ' for it, and', ' more.']);
        const { text, reason } = read(format, pass(stream, [0], [secrets()]));
        expect([at, reason, 'Use '.startsWith(text)]).toEqual([at, format.filtered, true]);
      }
    });

    it.each([
      ['DE89 3704 0044 0532 0130 00'],
      ['GB29 NWBK 6016 1331 9268 19'],
      ['NL91-ABNA-0417-1643-00'],
      ['MT84 MALT 0110 0001 2345 MTLC AST0 01S'],
      ['FR1420041010050500013M02606'],
      ['no93 8601 1117 947'],
    ])('passes no part of the IBAN %s, wherever the pieces divide it, and in single characters', (iban) => {
      const whole = `Pay to ${iban}, please.`;
      const divisions = [[...whole], ...[...whole].map((_, at) => [whole.slice(0, at), whole.slice(at)])];
      for (const pieces of divisions) {
        const { text } = read(format, pass(format.of(pieces), [0], [personalData()]));
        expect([pieces, text]).toEqual([pieces, 'Pay to [iban], please.']);
      }
    });

    it("ends as the provider's own content filter would where a rule blocks, without a part of what was found", () => {
      const key = `sk-ant-${'a1B2'.repeat(10)}`;
      const stream = format.of([
        'Your key',
        ' is sk-a',
        key.slice(4, 20),
        key.slice(20),
        ' keep it',
        ' safe',
      ]);
      for (let cut = 0; cut <= Buffer.byteLength(stream); cut += 1) {
        const passed = pass(stream, [cut], [secrets()]);
        const { text, reason } = read(format, passed);
        expect('Your key is ').toContain(text);
        expect(reason).toBe(format.filtered);
        expect(passed.out).not.toContain('sk-a');
        expect(passed.stopped).toMatchObject({ code: 'prompt_rejected', status: 400 });
        expect(eventsOf(passed.out).at(-1)).toBeDefined();
      }
    });

    it('is the same however it is cut (random pieces, random bytes)', () => {
      const whole = pieces.join('');
      const cutsOf = (length: number) => fc.array(fc.nat({ max: length }), { maxLength: 12 });
      fc.assert(
        fc.property(cutsOf(whole.length), cutsOf(2_000), (inText, inBytes) => {
          const at = [...new Set([0, ...inText, whole.length])].sort((a, b) => a - b);
          const parts = at.slice(1).map((end, index) => whole.slice(at[index], end));
          const stream = format.of(parts.every((part) => !/[\ud800-\udbff]$/.test(part)) ? parts : [whole]);
          const length = Buffer.byteLength(stream);
          const passed = pass(
            stream,
            inBytes.map((one) => Math.min(one, length)),
            [personalData()],
          );
          expect(read(format, passed)).toEqual({ text: expected, reason: format.usual });
        }),
        { numRuns: process.env.TOLLGATE_LONG ? 1_000 : 80, seed: 7 },
      );
    });

    it('goes on without delay: what can no longer become a finding is not held back', () => {
      const call = fakeCall();
      const guard = new AnswerGuard(call, [personalData(), secrets()], () => undefined);
      guard.begin(200, 'text/event-stream');
      const out = Buffer.from(
        guard.push(Buffer.from(format.of(['Hello there. ', 'How are you? ']))),
      ).toString();
      expect(format.textOf(eventsOf(out))).toContain('Hello there. ');
    });
  });
}

describe('an answer in one piece', () => {
  const bodies: [name: string, body: object, why: (body: unknown) => unknown][] = [
    [
      'OpenAI chat',
      {
        choices: [
          { index: 0, message: { role: 'assistant', content: 'Mail a@example.com' }, finish_reason: 'stop' },
        ],
        usage: { total_tokens: 3 },
      },
      (body) => at(body, 'choices', 0, 'finish_reason'),
    ],
    [
      'Anthropic messages',
      {
        type: 'message',
        content: [{ type: 'text', text: 'Mail a@example.com' }],
        stop_reason: 'end_turn',
        usage: { output_tokens: 3 },
      },
      (body) => at(body, 'stop_reason'),
    ],
    [
      'OpenAI responses',
      {
        object: 'response',
        output: [{ type: 'message', content: [{ type: 'output_text', text: 'Mail a@example.com' }] }],
        usage: { total_tokens: 3 },
      },
      (body) => at(body, 'incomplete_details', 'reason'),
    ],
    [
      'Gemini',
      {
        candidates: [{ content: { parts: [{ text: 'Mail a@example.com' }] }, finishReason: 'STOP' }],
        usageMetadata: { totalTokenCount: 3 },
      },
      (body) => at(body, 'candidates', 0, 'finishReason'),
    ],
  ];
  for (const [name, body, why] of bodies) {
    it(`of ${name} is redacted, or withheld with its usage kept`, () => {
      const text = JSON.stringify(body);
      const half = Math.floor(text.length / 2);
      const redacted = pass(text, [half], [personalData()], 'application/json');
      expect(redacted.out).toBe(text.replace('a@example.com', '[email]'));
      const withheld = pass(text, [half], [personalData({ action: 'block' })], 'application/json');
      const left = JSON.parse(withheld.out);
      expect(withheld.out).not.toContain('example');
      expect(['content_filter', 'refusal', 'SAFETY']).toContain(why(left));
      expect(left.usage ?? left.usageMetadata).toEqual(at(body, 'usage') ?? at(body, 'usageMetadata'));
      expect(pass(text, [half], [secrets()], 'application/json').out).toBe(text);
    });
  }

  it('that is no JSON, and the errors of providers, pass as they are', () => {
    expect(pass('{"broken": a@example.com', [3], [personalData()], 'application/json').out).toBe(
      '{"broken": a@example.com',
    );
    const call = fakeCall();
    const guard = new AnswerGuard(call, [personalData()], () => undefined);
    guard.begin(429, 'application/json');
    expect(Buffer.from(guard.push(Buffer.from('{"error":"a@example.com"}'))).toString()).toContain(
      'a@example.com',
    );
  });
});

describe('words of several parts', () => {
  it('are held back no longer than they can be', () => {
    const [format] = streamFormats;
    if (!format) throw new Error('no format');
    const rule = pattern({ name: 'project', words: ['blue heron'], action: 'redact', on: 'output' });
    const passed = pass(format.of(['The bl', 'ue ', 'her', 'on flies', ', a blue herons']), [], [rule]);
    expect(read(format, passed).text).toBe('The [project] flies, a blue herons');
  });
});
