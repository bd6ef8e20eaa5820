import type { WireFormat } from '../format/wire-format.js';
import { words } from '../request/known-fields.js';
import { offersServerTools } from '../request/server-tools.js';
import { ChatAnswer, chatEndsIn } from './answer.js';
import { chatRequest } from './request.js';
import { chatUsage } from './usage.js';

/** OpenAI's chat completions, which many other providers offer too. Fields as of openai 6.49. */
export const openaiChat: WireFormat = {
  api: 'openai-chat',
  errors: 'openai',
  owner: 'openai',
  modelInPath: false,
  pathRule: { end: '/chat/completions', enough: 'anywhere', below: [] },
  azurePath: 'chat/completions',
  path: '/chat/completions',
  wholeList: '',
  needsModel: true,
  needsCap: false,
  streamQuery: '',
  hasOutput: true,
  fields: words(`messages model audio frequency_penalty function_call functions logit_bias logprobs
    max_completion_tokens max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty
    prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed
    service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity
    web_search_options`),
  request: chatRequest,
  capField(body, stated) {
    const isLegacy = body.max_tokens === stated && body.max_completion_tokens !== stated;
    return isLegacy ? 'max_tokens' : 'max_completion_tokens';
  },
  hasUsage: (usage) => 'prompt_tokens' in usage,
  usage: chatUsage,
  answer: (answers) => new ChatAnswer(answers),
  endsIn: chatEndsIn,
  lastEvent: /(?:^|[\r\n])data: ?\[DONE\][ \t]*(?:[\r\n]|$)/,
  settings: (body) => body,
  hasServerTools: offersServerTools,
};
