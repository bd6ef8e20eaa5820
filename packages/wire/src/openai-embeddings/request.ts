import type { JsonObject } from '@tollgate/core/internal';
import type { RequestFormat } from '../format/wire-format.js';
import { fieldOf } from '../request/json.js';
import { invalidValueError } from '../request/refusals.js';
import { plainFacts, type RequestFacts } from '../request/request-facts.js';

/** Reads requests of OpenAI's embeddings. Token ids and arrays need no special care: each id takes at least two bytes of the body. */
export const embeddingsRequest: RequestFormat = {
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
