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
const png = 'data:image/png;base64,eA==';
const pdf = 'data:application/pdf;base64,eA==';

const hi = { role: 'user', content: 'Hi' };
const chat = placesIn('openai-chat', { model: 'm', messages: [hi] });
const messages = (...list: JsonObject[]): JsonObject => ({ messages: list });

fields<OpenAI.ChatCompletionCreateParams>(
  'chat completions',
  chat('', { tools: [{ type: 'function', function: { name: 'w' } }] }, (made) => made),
  {
    messages: translated([{ role: 'user', content: 'Ho' }]),
    model: translated('m2'),
    stream: translated(true),
    max_completion_tokens: translated(9),
    max_tokens: translated(9),
    temperature: translated(0.5),
    top_p: translated(0.5),
    stop: translated(['x']),
    seed: translated(7),
    presence_penalty: translated(1),
    frequency_penalty: translated(1),
    parallel_tool_calls: translated(false),
    reasoning_effort: translated('low'),
    response_format: translated({ type: 'json_schema', json_schema: { name: 'x', schema } }),
    tool_choice: translated('none'),
    tools: translated([{ type: 'function', function: { name: 'x' } }]),
    safety_identifier: translated('u'),
    user: translated('u'),
    service_tier: translated('default'),
    verbosity: translated('low'),
    stream_options: harmless({ include_usage: true }, 'it says what the answer shows, not what is asked'),
    prompt_cache_key: harmless('k', cacheHint),
    prompt_cache_options: harmless({ mode: 'explicit', ttl: '30m' }, cacheHint),
    prompt_cache_retention: harmless('24h', cacheHint),
    audio: refused({ voice: 'alloy', format: 'mp3' }),
    function_call: refused('auto'),
    functions: refused([{ name: 'x' }]),
    logit_bias: refused({ 1: 1 }),
    logprobs: refused(true),
    top_logprobs: refused(1),
    metadata: refused({ a: 'b' }),
    modalities: refused(['audio']),
    moderation: refused({ model: 'x' }),
    n: refused(2),
    prediction: refused({ type: 'content', content: 'x' }),
    store: refused(true),
    web_search_options: refused({}),
  },
);

fields<OpenAI.ChatCompletionStreamOptions>(
  'stream_options',
  chat('stream_options', {}, (made) => ({ stream: true, stream_options: made })),
  {
    include_usage: harmless(true, 'it says what the answer shows, not what is asked'),
    include_obfuscation: refused(true),
  },
);

for (const role of ['system', 'developer']) {
  fields<OpenAI.ChatCompletionSystemMessageParam | OpenAI.ChatCompletionDeveloperMessageParam>(
    `a message of the ${role}`,
    chat('messages[0]', { role, content: 'Be brief.' }, (made) => messages(made, hi)),
    {
      role: refused('owner'),
      content: translated([{ type: 'text', text: 'Be long.' }]),
      name: refused('Ann'),
    },
  );
}

fields<OpenAI.ChatCompletionUserMessageParam>(
  'a message of the user',
  chat('messages[0]', hi, (made) => messages(made)),
  {
    role: refused('owner'),
    content: translated([{ type: 'text', text: 'Ho' }]),
    name: refused('Ann'),
  },
);

const call = { id: 'c', type: 'function', function: { name: 'x', arguments: '{}' } };

fields<OpenAI.ChatCompletionAssistantMessageParam>(
  'a message of the assistant',
  chat('messages[1]', { role: 'assistant', content: 'Well.' }, (made) => messages(hi, made)),
  {
    role: refused('owner'),
    content: translated('Good.'),
    tool_calls: translated([call]),
    refusal: refused('No.'),
    audio: refused({ id: 'a' }),
    function_call: refused({ name: 'x', arguments: '{}' }),
    name: refused('Ann'),
  },
);

fields<OpenAI.ChatCompletionMessageFunctionToolCall>(
  'a call of a tool',
  chat('messages[1].tool_calls[0]', call, (made) =>
    messages(hi, { role: 'assistant', content: null, tool_calls: [made] }),
  ),
  {
    id: translated('d'),
    type: refused('custom'),
    function: translated({ name: 'y', arguments: '{"a":1}' }),
  },
);

fields<OpenAI.ChatCompletionToolMessageParam>(
  'the result of a tool',
  chat('messages[2]', { role: 'tool', tool_call_id: 'c', content: '1' }, (made) =>
    messages(hi, { role: 'assistant', content: null, tool_calls: [call, { ...call, id: 'd' }] }, made),
  ),
  { role: refused('owner'), content: translated('2'), tool_call_id: translated('d') },
);

const chatPart = (object: JsonObject) =>
  chat('messages[0].content[0]', object, (made) => messages({ role: 'user', content: [made] }));
const imageUrl = { url: png };

fields<OpenAI.ChatCompletionContentPartText>('a text', chatPart({ type: 'text', text: 'Hi' }), {
  text: translated('Ho'),
  type: refused('refusal'),
  prompt_cache_breakpoint: breakpoint,
});
fields<OpenAI.ChatCompletionContentPartImage>(
  'an image',
  chatPart({ type: 'image_url', image_url: imageUrl }),
  {
    image_url: translated({ url: 'https://a.example/b.png' }),
    type: refused('input_audio'),
    prompt_cache_breakpoint: breakpoint,
  },
);
fields<OpenAI.ChatCompletionContentPartImage.ImageURL>(
  "an image's URL",
  chat('messages[0].content[0].image_url', imageUrl, (made) =>
    messages({ role: 'user', content: [{ type: 'image_url', image_url: made }] }),
  ),
  { url: translated('https://a.example/b.png'), detail: translated('low') },
);
const file = { filename: 'a.pdf', file_data: pdf };
fields<OpenAI.ChatCompletionContentPart.File>('a file', chatPart({ type: 'file', file }), {
  file: translated({ ...file, file_data: 'data:application/pdf;base64,eQ==' }),
  type: refused('input_audio'),
  prompt_cache_breakpoint: breakpoint,
});
fields<OpenAI.ChatCompletionContentPart.File.File>(
  "a file's content",
  chat('messages[0].content[0].file', { file_data: pdf }, (made) =>
    messages({ role: 'user', content: [{ type: 'file', file: made }] }),
  ),
  {
    file_data: translated('data:application/pdf;base64,eQ=='),
    filename: translated('b.pdf', fileName),
    file_id: refused('f'),
  },
);

const chatTool = { type: 'function', function: { name: 'x' } };
fields<OpenAI.ChatCompletionFunctionTool>(
  'a tool',
  chat('tools[0]', chatTool, (made) => ({ tools: [made] })),
  { type: refused('custom'), function: translated({ name: 'y' }) },
);
fields<OpenAI.FunctionDefinition>(
  "a tool's definition",
  chat('tools[0].function', { name: 'x' }, (made) => ({ tools: [{ type: 'function', function: made }] })),
  {
    name: translated('y'),
    description: translated('d'),
    parameters: translated({ type: 'object', properties: { a: {} } }),
    strict: translated(true),
  },
);
fields<OpenAI.ResponseFormatJSONSchema['json_schema']>(
  'the form of an answer',
  chat('response_format.json_schema', { name: 'x', schema }, (made) => ({
    response_format: { type: 'json_schema', json_schema: made },
  })),
  {
    name: translated('y', formName),
    description: translated('d'),
    schema: translated({ type: 'object', title: 't' }),
    strict: translated(true, keeps),
  },
);
