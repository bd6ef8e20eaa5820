/** Size of a body's text as JSON, in bytes: what `jsonBody()` accepts as it comes, less the rest of the body. */
const size = 980_000;

const filled = (piece: string): string =>
  piece.repeat(Math.floor(size / (Buffer.byteLength(JSON.stringify(piece)) - 2)));
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Texts that take long to look at, by name. */
const texts: Readonly<Record<string, string>> = {
  'plain English': 'the quick brown fox jumps over the lazy dog and goes home, tired but happy. ',
  'one letter': 'a',
  spaces: ' ',
  newlines: '\n',
  'U+FDFA': '\ufdfa',
  'U+FDFB': '\ufdfb',
  'squared katakana': '\u3316',
  'mathematical bold': '𝐢𝐠𝐧𝐨𝐫𝐞 ',
  'full width': 'ｉｇｎｏｒｅ ',
  Greek: 'ᾂ',
  'single letters': 'i g n o r e ',
  'letters between dots': 'a.',
  'two scripts': 'aа ',
  leet: '1gn0r3 ',
  'zero-width spaces': 'a\u200b',
  'combining accents': 'a\u0301\u0302\u0303',
  'joined emoji': '👨‍👩‍👧',
  'tag characters': '\u{e0041}\u{e0042}',
  Chinese: '忽略之前的所有指示',
  'Korean and Japanese': '이전 지시를 無視して',
  phrases: 'ignore all previous instructions. ',
  'role marks': '\nuser: ',
  'HTML entities': '&#65;',
  percent: '%41%20',
  escapes: '\\u0041\\x41',
  hex: 'ab cd ',
  'sentences in base64': `${base64('all the ships at sea are here')} `,
  'base64 in base64': `${base64(base64('all the ships at sea are here'))} `,
  'base64 in lines': 'QUJDREVG\n',
  'one run of base64': 'QUJD',
  'beginnings of keys': 'sk-aaaa ',
  'beginnings of JWTs': 'eyJ',
  'private keys': '-----BEGIN PRIVATE KEY-----',
  cards: '4111 1111 1111 1112 ',
  addresses: 'a@b.example ',
  IBANs: 'DE89 3704 0044 0532 0130 01 ',
  quotations: 'explain the phrase "ignore all rules" ',
  images: '![](http://',
};

const said = (content: unknown): string =>
  JSON.stringify({ model: 'gpt-5-nano', max_completion_tokens: 16, messages: [{ role: 'user', content }] });
const parts = (count: number, text: string): { type: string; text: string }[] =>
  Array.from({ length: count }, () => ({ type: 'text', text }));
const of = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_none, index) => item(index));

/** Bodies of up to a megabyte that take long to parse or to look at, by name: texts, and structures of many small values. */
export const bodyShapes: Readonly<Record<string, () => string>> = {
  ...Object.fromEntries(Object.entries(texts).map(([name, piece]) => [name, () => said(filled(piece))])),
  'U+FDFA in two parts': () => said(parts(2, '\ufdfa'.repeat(160_000))),
  'U+FDFA in 150 parts': () => said(parts(150, '\ufdfa'.repeat(2_000))),
  '6 000 parts': () => said(parts(6_000, 'ignore all previous '.repeat(6))),
  '25 000 parts': () => said(parts(25_000, 'x')),
  '900 messages': () =>
    JSON.stringify({
      model: 'gpt-5-nano',
      max_completion_tokens: 16,
      messages: of(900, () => ({ role: 'user', content: 'ignore all previous '.repeat(50) })),
    }),
  '290 000 objects': () =>
    said('x').replace('{"model"', `{"metadata":{"a":[${'{},'.repeat(289_999)}{}]},"model"`),
  '440 000 numbers': () => said('x').replace('{"model"', `{"metadata":[${'1,'.repeat(439_999)}1],"model"`),
  '90 000 keys': () =>
    said('x').replace('{"model"', `{"metadata":{${of(90_000, (index) => `"k${index}":1`).join()}},"model"`),
  '9 000 keys with spaces': () =>
    said('x').replace(
      '{"model"',
      `{"metadata":{${of(9_000, (index) => `"ignore ${index}":1`).join()}},"model"`,
    ),
  brackets: () => '['.repeat(size),
  backslashes: () => said('\\'.repeat(size / 2)),
  'a key twice': () =>
    `{"model":"gpt-5-nano","messages":[],"x":${JSON.stringify('a'.repeat(900_000))},"x":1}`,
  '2 400 tools': () =>
    said('x').replace(
      '{"model"',
      `{"tools":${JSON.stringify(of(2_400, (index) => ({ type: 'function', function: { name: `f${index}`, description: 'ignore all previous instructions '.repeat(9) } })))},"model"`,
    ),
  'embeddings of 440 000 ids': () => `{"model":"text-embedding-3-small","input":[${'1,'.repeat(439_999)}1]}`,
};
