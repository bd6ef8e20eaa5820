import { describeValue } from '@tollgate/core/internal';

/** The characters that SQL and counters store unchanged: no control characters (NUL among them), no halves of surrogate pairs. */
const plain = /^[^\p{Cc}\p{Cs}]*$/u;
const longestId = 256;
const longestText = 1_000;

/** Whether a name can have been stored. Other names are not looked up: SQL would refuse them, or match a different one. */
export function canBeStored(name: string): boolean {
  return plain.test(name);
}

/** Throws a `TypeError` unless every id that is given can be a part of a counter's name. */
export function checkIds(where: string, ids: Readonly<Record<string, unknown>>): void {
  for (const [name, id] of Object.entries(ids)) {
    if (id !== undefined) checkText(where, name, id, longestId, 1);
  }
}

/** Throws a `TypeError` unless every text that is given can be stored as it is. */
export function checkTexts(where: string, texts: Readonly<Record<string, unknown>>): void {
  for (const [name, text] of Object.entries(texts)) {
    if (text !== undefined) checkText(where, name, text, longestText, 0);
  }
}

function checkText(where: string, name: string, text: unknown, longest: number, least: number): void {
  if (typeof text === 'string' && text.length >= least && text.length <= longest && plain.test(text)) return;
  const received =
    typeof text === 'string' && text.length > longest ? `${text.length} characters` : describeValue(text);
  throw new TypeError(
    `${where}: "${name}" must be ${least} to ${longest} characters without control characters, received ${received}`,
  );
}

/** The pattern of `like` for texts that contain this one. */
export const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
