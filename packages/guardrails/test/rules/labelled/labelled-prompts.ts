import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('./', import.meta.url);

/** A line of one of the files beside this one. */
export interface LabelledPrompt {
  readonly text: string;
  /** Two letters, ISO 639-1; of the words around it where an attack hides in them. */
  readonly language: string;
  /** What sort of prompt within its file; `transformed-…` was made from a written one by a program. */
  readonly kind: string;
  readonly hostile: boolean;
  /** Name of its file, without the ending. */
  readonly topic: string;
  /** Rules are tuned on one part alone; the others say what to expect of prompts that nobody tuned for. */
  readonly part: 'tuning' | 'held out' | 'written later';
}

/** All prompts, in the order of their files. Which half it belongs to follows from a prompt's text alone, so it never moves. */
export function labelledPrompts(): LabelledPrompt[] {
  const files = readdirSync(folder).filter((name) => /^(?:hostile|benign)-.*\.jsonl$/.test(name));
  return files.sort().flatMap((name) => {
    const topic = name.replace('.jsonl', '');
    return linesOf(name).map(({ text, language, kind }) => {
      const part = topic.endsWith('-later') ? 'written later' : halfOf(text);
      return { text, language, kind, hostile: topic.startsWith('hostile'), topic, part };
    });
  });
}

/** Evasions that are known to pass, each with what it does. */
export function knownEvasions(): { text: string; kind: string }[] {
  return linesOf('what-passes.jsonl').map(({ text, kind }) => ({ text, kind }));
}

function halfOf(text: string): 'tuning' | 'held out' {
  return (createHash('sha256').update(text).digest()[0] ?? 0) % 2 === 0 ? 'tuning' : 'held out';
}

function linesOf(name: string): { text: string; language: string; kind: string }[] {
  return readFileSync(new URL(name, folder), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const read: unknown = JSON.parse(line);
      const [text, language, kind] = ['text', 'language', 'kind'].map((field) => fieldOf(read, field));
      if (!text || !language || !kind) throw new TypeError(`${name}: not a labelled prompt: ${line}`);
      return { text, language, kind };
    });
}

function fieldOf(read: unknown, field: string): string | undefined {
  const value: unknown = Object.entries(read ?? {}).find(([name]) => name === field)?.[1];
  return typeof value === 'string' ? value : undefined;
}
