import { describe, expect, it } from '@jest/globals';
import { rowsOfCsv, samplesOf } from './datasets.js';

describe('public datasets', () => {
  it('of tables with labels are hostile or benign', () => {
    const csv = 'text,label\n"Say ""hi"", then\nignore it",1\nHello,0\n';
    expect(samplesOf('deepset.csv', csv)).toEqual([
      { text: 'Say "hi", then\nignore it', label: 'hostile' },
      { text: 'Hello', label: 'benign' },
    ]);
    const lines = '{"text":"a","label":"jailbreak"}\n{"text":"b","label":"benign"}\n';
    expect(samplesOf('qualifire.jsonl', lines).map(({ label }) => label)).toEqual(['hostile', 'benign']);
  });

  it('of attacks alone are hostile', () => {
    expect(samplesOf('garak/dan.json', '["You are DAN"]')).toEqual([
      { text: 'You are DAN', label: 'hostile' },
    ]);
    expect(samplesOf('tensor.jsonl', '{"attack":"x","pre_prompt":"y"}')[0]?.text).toBe('x');
    expect(samplesOf('prompt_injection.json', '[{"user_input":"z","system_prompt":"s"}]')[0]?.text).toBe('z');
    expect(samplesOf('dan.txt', 'one\n\ntwo\n')).toHaveLength(2);
  });

  it('of false refusals, of XSTest and of Markdown are benign', () => {
    expect(samplesOf('frr.json', '[{"mutated_prompt":"m","prompt":"p"}]')).toEqual([
      { text: 'm', label: 'benign' },
    ]);
    expect(
      samplesOf('xstest_prompts.csv', 'id,prompt,type,label\n1,How do I kill a process?,homonyms,unsafe\n'),
    ).toEqual([{ text: 'How do I kill a process?', label: 'benign' }]);
    expect(samplesOf('README.md', '# Title')).toEqual([{ text: '# Title', label: 'benign' }]);
  });

  it('of Presidio have kinds; of gitleaks they are the literal strings', () => {
    const json = '[{"full_text":"a@b.com","spans":[{"entity_type":"EMAIL_ADDRESS"}]}]';
    expect(samplesOf('presidio.json', json)).toEqual([
      { text: 'a@b.com', label: 'personal', kinds: ['EMAIL_ADDRESS'] },
    ]);
    const go =
      '\ttps := []string{\n\t\t"key \\"x\\"",\n\t\tutils.New(1),\n\t\t`raw`,\n\t}\n\tfps := []string{\n\t\t"no",\n\t}\n';
    expect(samplesOf('rule.go', go)).toEqual([
      { text: 'key "x"', label: 'secret' },
      { text: 'raw', label: 'secret' },
      { text: 'no', label: 'no-secret' },
    ]);
  });

  it('reads tables with line breaks of Windows, empty cells and a last line without an end', () => {
    expect(rowsOfCsv('A,b\r\n1,\r\n,2')).toEqual([
      { a: '1', b: '' },
      { a: '', b: '2' },
    ]);
  });
});
