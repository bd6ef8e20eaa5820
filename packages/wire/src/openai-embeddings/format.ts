import type { WireFormat } from '../format/wire-format.js';
import { words } from '../request/known-fields.js';
import { EmbeddingsAnswer } from './answer.js';
import { embeddingsRequest } from './request.js';
import { embeddingsUsage } from './usage.js';

/** OpenAI's embeddings: no output, and no streams. Fields as of openai 6.49. */
export const openaiEmbeddings: WireFormat = {
  api: 'openai-embeddings',
  errors: 'openai',
  owner: 'openai',
  modelInPath: false,
  pathRule: { end: '/embeddings', enough: 'provider', below: ['/v1'] },
  azurePath: 'embeddings',
  path: '/embeddings',
  wholeList: '',
  needsModel: true,
  needsCap: false,
  streamQuery: '',
  hasOutput: false,
  fields: words('input model dimensions encoding_format user'),
  request: embeddingsRequest,
  capField: () => '',
  // Those of chat: read as chat's, the figures are the same.
  hasUsage: () => false,
  usage: embeddingsUsage,
  answer: (answers) => new EmbeddingsAnswer(answers),
  endsIn: () => [],
  settings: (body) => body,
  hasServerTools: () => false,
};
