import type { JsonObject } from '@tollgate/core/internal';
import type OpenAI from 'openai';
import { fields, harmless, placesIn, refused, translated } from './fates.js';

const schema = { type: 'object' };
const cacheHint = 'caching changes what input costs, not the answer';
const breakpoint = harmless({ mode: 'explicit' }, cacheHint);
const label = 'a label, which has no place there';
const fileName = { 'gemini-generate': label };
const formName = { 'anthropic-messages': label, 'gemini-generate': label };
const keeps = {
  'anthropic-messages': 'it keeps to a schema always',
  'gemini-generate': 'it keeps to a schema always',
};
const thoughts = { 'openai-chat': 'it has no such field; thoughts that the model shows are passed on' };
const png = 'data:image/png;base64,eA==';
const pdf = 'data:application/pdf;base64,eA==';
const hi = { role: 'user', content: 'Hi' };

const responses = placesIn('openai-responses', { model: 'm', input: 'Hi' });
const input = (...list: JsonObject[]): JsonObject => ({ input: list });

fields<OpenAI.Responses.ResponseCreateParams>(
  'responses',
  responses('', { tools: [{ type: 'function', name: 'w' }] }, (made) => made),
  {
    input: translated('Ho'),
    model: translated('m2'),
    stream: translated(true),
    instructions: translated('Be brief.'),
    max_output_tokens: translated(9),
    temperature: translated(0.5),
    top_p: translated(0.5),
    parallel_tool_calls: translated(false),
    reasoning: translated({ effort: 'low' }),
    text: translated({ format: { type: 'json_schema', name: 'x', schema } }),
    tool_choice: translated('none'),
    tools: translated([{ type: 'function', name: 'x', parameters: schema, strict: null }]),
    safety_identifier: translated('u'),
    user: translated('u'),
    service_tier: translated('default'),
    include: harmless(['reasoning.encrypted_content'], 'signatures are always handed out'),
    stream_options: harmless({ include_obfuscation: false }, 'there is no padding'),
    prompt_cache_key: harmless('k', cacheHint),
    prompt_cache_options: harmless({ mode: 'explicit', ttl: '30m' }, cacheHint),
    prompt_cache_retention: harmless('24h', cacheHint),
    background: refused(true),
    context_management: refused([{ type: 'compaction' }]),
    conversation: refused('conv_1'),
    metadata: refused({ a: 'b' }),
    moderation: refused({ model: 'x' }),
    previous_response_id: refused('resp_1'),
    prompt: refused({ id: 'pmpt_1' }),
    store: refused(true),
    top_logprobs: refused(1),
    truncation: refused('auto'),
  },
);

fields<OpenAI.Reasoning>(
  'reasoning',
  responses('reasoning', { effort: 'low' }, (made) => ({ reasoning: made })),
  {
    effort: translated('high'),
    summary: translated('auto', thoughts),
    generate_summary: translated('auto', thoughts),
    context: refused('all_turns'),
    mode: refused('pro'),
  },
);
fields<OpenAI.Responses.ResponseTextConfig>(
  'text',
  responses('text', {}, (made) => ({ text: made })),
  { format: translated({ type: 'json_schema', name: 'x', schema }), verbosity: translated('low') },
);
fields<OpenAI.Responses.ResponseFormatTextJSONSchemaConfig>(
  'the form of a response',
  responses('text.format', { type: 'json_schema', name: 'x', schema }, (made) => ({
    text: { format: made },
  })),
  {
    type: refused('grammar'),
    name: translated('y', formName),
    schema: translated({ type: 'object', title: 't' }),
    description: translated('d'),
    strict: translated(true, keeps),
  },
);
fields<OpenAI.Responses.FunctionTool>(
  'a tool of a response',
  responses('tools[0]', { type: 'function', name: 'x' }, (made) => ({ tools: [made] })),
  {
    type: refused('custom'),
    name: translated('y'),
    description: translated('d'),
    parameters: translated({ type: 'object', properties: { a: {} } }),
    strict: translated(true),
    allowed_callers: refused(['programmatic']),
    defer_loading: refused(true),
    output_schema: refused({}),
  },
);

const item = (object: JsonObject, ...before: JsonObject[]) =>
  responses(`input[${before.length}]`, object, (made) => input(...before, made));
const status = harmless('completed', 'it says how an answer ended, which a model is not told');
const id = harmless('x_1', 'a name of our own making');

fields<OpenAI.Responses.EasyInputMessage | OpenAI.Responses.ResponseInputItem.Message>(
  'a message',
  item(hi),
  {
    role: refused('owner'),
    content: translated('Ho'),
    type: harmless('message', 'it is one anyway'),
    phase: refused('commentary'),
    status,
  },
);
fields<OpenAI.Responses.ResponseOutputMessage>(
  'a message of the model',
  item({ type: 'message', role: 'assistant', content: [] }, hi, { role: 'assistant', content: 'Well.' }),
  {
    type: refused('item_reference'),
    role: refused('owner'),
    content: translated([{ type: 'output_text', text: 'Good.', annotations: [] }]),
    phase: refused('final_answer'),
    id,
    status,
  },
);
const text = { type: 'output_text', text: 'Well.' };
fields<OpenAI.Responses.ResponseOutputText>(
  'a text of the model',
  responses('input[1].content[0]', text, (made) => input(hi, { role: 'assistant', content: [made] })),
  {
    type: refused('refusal'),
    text: translated('Good.'),
    annotations: refused([{ type: 'file_path', file_id: 'f', index: 0 }]),
    logprobs: refused([{ token: 'x', logprob: 0, bytes: [], top_logprobs: [] }]),
  },
);
const functionCall = { type: 'function_call', call_id: 'c', name: 'x', arguments: '{}' };
fields<OpenAI.Responses.ResponseFunctionToolCall>('a call', item(functionCall, hi), {
  type: refused('custom_tool_call'),
  call_id: translated('d'),
  name: translated('y'),
  arguments: translated('{"a":1}'),
  caller: harmless({ type: 'direct' }, 'every call is by the model itself'),
  namespace: refused('n'),
  id,
  status,
});
fields<OpenAI.Responses.ResponseInputItem.FunctionCallOutput>(
  'the result of a call',
  item({ type: 'function_call_output', call_id: 'c', output: '1' }, hi, functionCall, {
    ...functionCall,
    call_id: 'd',
  }),
  {
    type: refused('custom_tool_call_output'),
    call_id: translated('d'),
    output: translated([{ type: 'input_text', text: '2' }]),
    caller: harmless({ type: 'direct' }, 'every call is by the model itself'),
    id,
    status,
  },
);
fields<OpenAI.Responses.ResponseReasoningItem>(
  'a thought',
  item({ type: 'reasoning', summary: [], encrypted_content: 'anthropic:c2ln' }, hi),
  {
    type: refused('compaction'),
    summary: translated([{ type: 'summary_text', text: 'Hm.' }]),
    content: translated([{ type: 'reasoning_text', text: 'Hm.' }]),
    encrypted_content: translated('anthropic:c2lo'),
    id,
    status,
  },
);

const inputPart = (object: JsonObject) =>
  responses('input[0].content[0]', object, (made) => input({ role: 'user', content: [made] }));
fields<OpenAI.Responses.ResponseInputText>(
  'a text of the user',
  inputPart({ type: 'input_text', text: 'Hi' }),
  {
    type: refused('input_audio'),
    text: translated('Ho'),
    prompt_cache_breakpoint: breakpoint,
  },
);
fields<OpenAI.Responses.ResponseInputImage>(
  'an image of the user',
  inputPart({ type: 'input_image', image_url: png }),
  {
    type: refused('input_audio'),
    image_url: translated('https://a.example/b.png'),
    detail: translated('low'),
    file_id: refused('f'),
    prompt_cache_breakpoint: breakpoint,
  },
);
fields<OpenAI.Responses.ResponseInputFile>(
  'a file of the user',
  inputPart({ type: 'input_file', file_data: pdf }),
  {
    type: refused('input_audio'),
    file_data: translated('data:application/pdf;base64,eQ=='),
    filename: translated('b.pdf', fileName),
    detail: refused('high'),
    file_id: refused('f'),
    file_url: refused('https://a.example/b.pdf'),
    prompt_cache_breakpoint: breakpoint,
  },
);
