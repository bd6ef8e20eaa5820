import type { JsonObject } from '@tollgate/core/internal';
import { fieldOf } from './json.js';
import { invalidValueError } from './refusals.js';
import { plainFacts, type RequestFacts } from './request-facts.js';
import type { WireFormat } from './wire-format.js';

/** Reads requests of OpenAI's embeddings. Token ids and arrays need no special care: each id takes at least two bytes of the body. */
export const openaiEmbeddings: WireFormat = {
  changeable: [],
  read(body: JsonObject): RequestFacts {
    const input = fieldOf(body, 'input');
    if (typeof input !== 'string' && !Array.isArray(input)) {
      throw invalidValueError('input', 'a string or an array', input);
    }
    return { ...plainFacts, answers: 0 };
  },
  writeCap() {
    // Embeddings have no output to cap.
  },
};
