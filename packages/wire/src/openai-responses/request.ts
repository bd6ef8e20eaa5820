import type { JsonObject } from '@tollgate/core/internal';
import type { RequestFormat } from '../format/wire-format.js';
import { largestCap } from '../request/caps.js';
import { fieldOf, flagOf, objectOf } from '../request/json.js';
import { MediaTally } from '../request/media.js';
import { maxToolCalls, openaiTools } from '../request/openai-tools.js';
import type { ReadOptions } from '../request/read-options.js';
import { declarationOf } from '../request/read-options.js';
import { unsupportedError } from '../request/refusals.js';
import type { RequestFacts } from '../request/request-facts.js';
import { statedTier } from '../request/tier.js';
import { writeStated } from '../request/write-stated.js';
import { responsesInput, toolCountOfInput, toolsOfInput } from './input.js';

const caps: readonly string[] = ['max_output_tokens'];

/** As for chat; screenshots and patches of the tools that the client runs add a description each. */
const addedToAny = 64;
const addedPerTool = 512;

/** Tools that the client runs itself. */
const clientSide: ReadonlySet<string> = new Set([
  'function',
  'custom',
  'local_shell',
  'apply_patch',
  'computer',
  'computer_use_preview',
]);

const listed = (tools: unknown): number => (Array.isArray(tools) ? tools.length : 0);

/** Reads requests of OpenAI's responses. */
export const responsesRequest: RequestFormat = {
  changeable: [...caps, 'max_tool_calls'],
  read(body: JsonObject, _options: ReadOptions): RequestFacts {
    if (flagOf(body, 'background')) {
      throw unsupportedError('background', 'its answer, and what it costs, arrives outside of this exchange');
    }
    const mode = fieldOf(objectOf(body, 'reasoning') ?? {}, 'mode');
    if (mode !== undefined && mode !== 'standard')
      throw unsupportedError('reasoning.mode', 'what it costs is not known');
    const media = new MediaTally();
    for (const name of ['previous_response_id', 'conversation']) {
      if (fieldOf(body, name) !== undefined) media.add('conversation', name);
    }
    if (fieldOf(body, 'prompt') !== undefined) media.add('storedPrompt', 'prompt');
    const input = fieldOf(body, 'input');
    responsesInput(input, media);
    const tools = [...openaiTools(body, clientSide), ...toolsOfInput(input, maxToolCalls(body), clientSide)];
    const stream = flagOf(body, 'stream');
    return {
      stream,
      clientAskedForUsage: true,
      statedCap: largestCap(body, caps),
      extraOutputTokens: 0,
      leastOutputTokens: 0,
      answers: 1,
      cacheWrites: 'short',
      media: media.found,
      audioOutput: false,
      tools,
      addedTokens: addedToAny + addedPerTool * (listed(body.tools) + toolCountOfInput(input)),
      tier: statedTier(body, 'service_tier'),
      regional: false,
    };
  },
  writeCap(body, cap) {
    writeStated(body, caps, cap);
  },
  prepare(body, facts, options) {
    if (facts.tools.length === 0 || body.get('max_tool_calls') !== undefined) return;
    const most = facts.tools.map((tool) => declarationOf(tool, options)?.maxUses ?? 0);
    body.set('max_tool_calls', Math.max(...most));
  },
};
