import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { textTokens } from '../../src/answer/text-tokens.js';

const random = (bytes: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(bytes / 32) }, (_, index) =>
      createHash('sha256').update(`block ${index}`).digest(),
    ),
  ).subarray(0, bytes);

const samples: Readonly<Record<string, string>> = {
  prose: `It was late in the afternoon when the fishermen returned. Nobody had expected them before nightfall, least of all the harbour master, who
had already locked his office. "We turned around," their captain explained, "because the weather was going to change." An hour afterwards it did.`,
  German: `Die Geschwindigkeitsbegrenzung gilt selbstverständlich für alle Verkehrsteilnehmer, auch für diejenigen, die es eilig haben. Außerdem wird empfohlen,
bei Nässe größere Abstände einzuhalten.`,
  French: `L'été dernier, nous avons traversé la forêt à pied; l'eau était si claire qu'on voyait les poissons jusqu'au fond.`,
  code: `export async function retry<T>(work: () => Promise<T>, times = 3): Promise<T> {\n  for (let turn = 0; ; turn += 1) {\n    try {\n      return await work();\n    } catch (error) {\n      if (turn >= times) throw error;\n    }\n  }\n}\n`,
  Python: `def mean(values: list[float]) -> float:\n    """Arithmetic mean; raises for an empty list."""\n    if not values:\n        raise ValueError("empty")\n    return sum(values) / len(values)\n`,
  JSON: JSON.stringify({
    orders: Array.from({ length: 8 }, (_, id) => ({
      id,
      sku: `A-${1000 + id}`,
      price: 12.5 * id,
      paid: id % 2 === 0,
    })),
  }),
  table: Array.from(
    { length: 12 },
    (_, row) => `| ${row} | ${row * 731.25} | ${row % 3 ? 'open' : 'closed'} |`,
  ).join('\n'),
  Markdown:
    '# Title\n\n- **First**: see `npm test`\n- Second: [link](https://example.com/a/b?c=d)\n\n> A quotation.\n',
  base64: random(300).toString('base64'),
  hex: random(200).toString('hex'),
  digits: BigInt(`0x${random(100).toString('hex')}`).toString(),
  Chinese: '海洋覆盖了地球表面的百分之七十以上，对全球气候起着决定性的作用。科学家们仍在研究深海中的生命。',
  Japanese:
    '海は地球の表面の七割以上を占めており、気候に大きな影響を与えています。深海の生き物についてはまだよく知られていません。',
  Korean: '바다는 지구 표면의 70퍼센트 이상을 덮고 있으며 기후에 큰 영향을 미칩니다.',
  Russian: 'Океан покрывает более семидесяти процентов поверхности Земли и во многом определяет её климат.',
  Greek: 'Η θάλασσα καλύπτει περισσότερο από το εβδομήντα τοις εκατό της επιφάνειας της Γης.',
  Arabic: 'تغطي المحيطات أكثر من سبعين بالمئة من سطح الأرض وتؤثر في المناخ تأثيرا كبيرا.',
  Hebrew: 'הים מכסה יותר משבעים אחוזים משטח כדור הארץ ומשפיע על האקלים.',
  Hindi: 'समुद्र पृथ्वी की सतह के सत्तर प्रतिशत से अधिक भाग को ढकता है और जलवायु को प्रभावित करता है।',
  Thai: 'มหาสมุทรปกคลุมพื้นผิวโลกมากกว่าร้อยละเจ็ดสิบและมีอิทธิพลต่อสภาพอากาศ',
  emoji: '🎉🚀👩‍💻🌊🐟🔥💡🧪🎯🌍🙌🏽✨🛰️📈',
};

/** As it stands in an event: a JSON string without its quotes, its bytes read as Latin-1. */
const wire = (text: string): string => Buffer.from(JSON.stringify(text).slice(1, -1)).toString('latin1');

describe('the tokens of a text, by its shape', () => {
  it.each(Object.entries(samples))('are about as many as a tokenizer counts: %s', (name, text) => {
    const bytes = wire(text);
    const ratio = textTokens(bytes, 0, bytes.length) / countTokens(text);
    process.stdout.write(`    ${name}: ${ratio.toFixed(2)}\n`);
    expect(ratio).toBeGreaterThanOrEqual(0.85);
    expect(ratio).toBeLessThanOrEqual(2.6);
  });

  it('are never more than its bytes, and one at least', () => {
    for (const text of [...Object.values(samples), 'a', ' ', '\n', '\u0000', 'é', '😀', '"', '\\']) {
      const bytes = wire(text);
      const tokens = textTokens(bytes, 0, bytes.length);
      expect(tokens).toBeGreaterThanOrEqual(1);
      expect(tokens).toBeLessThanOrEqual(bytes.length);
    }
    expect(textTokens('', 0, 0)).toBe(0);
  });
});
