import type { JsonValue } from '@tollgate/core/internal';
import { invalidValueError } from '@tollgate/wire/internal';

const maxLength = 256;

/** Providers whose model names are lower case, fine-tuned models apart: another case names no other model. */
const lowerCase: readonly string[] = ['openai', 'anthropic', 'google'];

/**
 * A valid model name: a string of printable ASCII without spaces. Look-alikes, arrays and objects could mean one model to a price list and
 * another to a provider.
 */
export function modelName(value: JsonValue | undefined, provider: string): string {
  if (typeof value !== 'string') throw invalidValueError('model', 'the name of a model', value);
  const printable = value.length > 0 && value.length <= maxLength && !/[^\x21-\x7e]/.test(value);
  if (!printable)
    throw invalidValueError('model', 'a name of printable ASCII characters without spaces', value);
  // A gateway behind the base URL may resolve it as a path.
  if (value.includes('..') || value.includes('//')) {
    throw invalidValueError('model', 'a name without empty or parent segments', value);
  }
  if (lowerCase.includes(provider) && !value.startsWith('ft:') && value !== value.toLowerCase()) {
    throw invalidValueError('model', 'written in lower case', value);
  }
  return value;
}

/** Refuses a model in the query: it would be another one than the body's or the path's. */
export function checkQuery(url: string): void {
  const mark = url.indexOf('?');
  if (mark === -1) return;
  for (const name of new URLSearchParams(url.slice(mark + 1)).keys()) {
    if (name.toLowerCase() === 'model')
      throw invalidValueError('model', 'in the body or the path, not in the query', name);
  }
}
