import type { WireFormat } from '../format/wire-format.js';
import { words } from '../request/known-fields.js';
import { offersServerTools } from '../request/server-tools.js';
import { ResponsesAnswer, responsesEndsIn } from './answer.js';
import { responsesRequest } from './request.js';
import { responsesUsage } from './usage.js';

/** OpenAI's responses. Fields as of openai 6.49. */
export const openaiResponses: WireFormat = {
  api: 'openai-responses',
  errors: 'openai',
  owner: 'openai',
  modelInPath: false,
  pathRule: { end: '/responses', enough: 'provider', below: ['/v1', '/openai'] },
  azurePath: 'responses',
  path: '/responses',
  wholeList: '',
  needsModel: false,
  needsCap: false,
  streamQuery: '',
  hasOutput: true,
  fields: words(`input instructions model conversation include max_output_tokens max_tool_calls metadata
    moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options
    prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options temperature text
    tool_choice tools top_logprobs top_p truncation user background`),
  request: responsesRequest,
  capField: () => 'max_output_tokens',
  hasUsage: (usage) => 'input_tokens' in usage,
  usage: responsesUsage,
  answer: (answers) => new ResponsesAnswer(answers),
  endsIn: responsesEndsIn,
  lastEvent: /(?:^|[\r\n])event: ?response\.(?:completed|incomplete|failed)(?:[\r\n]|$)/,
  settings: (body) => body,
  hasServerTools: offersServerTools,
};
