import type { WireFormat } from '../format/wire-format.js';
import { words } from '../request/known-fields.js';
import { offersServerTools } from '../request/server-tools.js';
import { MessagesAnswer, messagesEndsIn } from './answer.js';
import { messagesRequest } from './request.js';
import { anthropicUsage } from './usage.js';

/** Counts that tell the usage of a message from that of a response. */
const cacheCounts: readonly string[] = [
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'cache_creation',
];

/** Anthropic's messages. Fields as of @anthropic-ai/sdk 1.11. */
export const anthropicMessages: WireFormat = {
  api: 'anthropic-messages',
  errors: 'anthropic',
  owner: 'anthropic',
  modelInPath: false,
  pathRule: { end: '/messages', enough: 'proxy', below: ['/v1'] },
  path: '/v1/messages',
  wholeList: 'limit=1000',
  needsModel: true,
  needsCap: true,
  streamQuery: '',
  hasOutput: true,
  fields: words(`max_tokens messages model cache_control context_management diagnostics inference_geo
    metadata output_config output_format service_tier speed stop_sequences stream system temperature thinking tool_choice
    tools top_k top_p`),
  request: messagesRequest,
  capField: () => 'max_tokens',
  hasUsage: (usage) => 'input_tokens' in usage && cacheCounts.some((name) => name in usage),
  usage: anthropicUsage,
  answer: (answers) => new MessagesAnswer(answers),
  endsIn: messagesEndsIn,
  lastEvent: /(?:^|[\r\n])event: ?message_stop[\r\n]+data: ?[^\r\n]*\}[ \t]*(?:[\r\n]|$)/,
  settings: (body) => body,
  hasServerTools: offersServerTools,
};
