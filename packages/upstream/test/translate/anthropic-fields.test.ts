import type Anthropic from '@anthropic-ai/sdk';
import type { JsonObject } from '@tollgate/core/internal';
import { fields, harmless, placesIn, refused, translated } from './fates.js';

const schema = { type: 'object' };
const cacheHint = 'caching changes what input costs, not the answer';
const mark = harmless({ type: 'ephemeral', ttl: '1h' }, cacheHint);
const label = 'a label, which has no place there';
const fileName = { 'gemini-generate': label };
const thoughts = { 'openai-chat': 'it has no such field; thoughts that the model shows are passed on' };
const hi = { role: 'user', content: 'Hi' };

const messages = (...list: JsonObject[]): JsonObject => ({ messages: list });
const message = placesIn('anthropic-messages', { model: 'm', max_tokens: 4_000, messages: [hi] });

fields<Anthropic.MessageCreateParams>(
  'messages',
  message('', {}, (made) => made),
  {
    model: translated('m2'),
    messages: translated([{ role: 'user', content: 'Ho' }]),
    max_tokens: translated(9),
    stream: translated(true),
    system: translated('Be brief.'),
    stop_sequences: translated(['x']),
    thinking: translated({ type: 'enabled', budget_tokens: 1_024 }),
    tool_choice: translated({ type: 'none' }),
    tools: translated([{ name: 'x', input_schema: schema }]),
    metadata: translated({ user_id: 'u' }),
    output_config: translated({ effort: 'low' }),
    service_tier: translated('standard_only'),
    cache_control: mark,
    container: refused('c'),
    diagnostics: refused({}),
    inference_geo: refused('us'),
    speed: refused('fast'),
    user_profile_id: refused('p'),
    workspace_id: refused('w'),
  },
);

fields<Anthropic.MessageParam>(
  'a message',
  message('messages[0]', hi, (made) => messages(made)),
  {
    role: refused('system'),
    content: translated('Ho'),
  },
);
fields<Anthropic.Metadata>(
  'metadata',
  message('metadata', {}, (made) => ({ metadata: made })),
  {
    user_id: translated('u'),
  },
);
fields<Anthropic.OutputConfig>(
  'output_config',
  message('output_config', {}, (made) => ({ output_config: made })),
  {
    effort: translated('low'),
    format: translated({ type: 'json_schema', schema }),
  },
);
fields<Anthropic.JSONOutputFormat>(
  'the form of an answer',
  message('output_config.format', { type: 'json_schema', schema }, (made) => ({
    output_config: { format: made },
  })),
  { schema: translated({ type: 'object', title: 't' }), type: refused('something_else') },
);
fields<Anthropic.ThinkingConfigEnabled | Anthropic.ThinkingConfigAdaptive>(
  'thinking',
  message('thinking', { type: 'enabled', budget_tokens: 1_024 }, (made) => ({ thinking: made })),
  { type: refused('hidden'), budget_tokens: translated(20_000), display: translated('omitted', thoughts) },
);
fields<Anthropic.ToolChoiceAuto | Anthropic.ToolChoiceTool>(
  'tool_choice',
  message('tool_choice', { type: 'tool', name: 'x' }, (made) => ({ tool_choice: made })),
  { type: refused('something_else'), name: translated('y'), disable_parallel_tool_use: translated(true) },
);
fields<Anthropic.Tool>(
  'a tool',
  message('tools[0]', { name: 'x', input_schema: schema }, (made) => ({ tools: [made] })),
  {
    name: translated('y'),
    input_schema: translated({ type: 'object', properties: { a: {} } }),
    description: translated('d'),
    strict: translated(true),
    type: refused('bash_20250124'),
    cache_control: mark,
    eager_input_streaming: harmless(true, 'arguments come as the provider sends them'),
    allowed_callers: refused(['code_execution_20250825']),
    defer_loading: refused(true),
    input_examples: refused([{}]),
  },
);

const userBlock = (object: JsonObject, ...before: JsonObject[]) =>
  message(`messages[${before.length}].content[0]`, object, (made) =>
    messages(...before, { role: 'user', content: [made] }),
  );
fields<Anthropic.TextBlockParam>('a text', userBlock({ type: 'text', text: 'Hi' }), {
  type: refused('container_upload'),
  text: translated('Ho'),
  cache_control: mark,
  citations: refused([{ type: 'char_location' }]),
});
const source = { type: 'base64', media_type: 'image/png', data: 'eA==' };
fields<Anthropic.ImageBlockParam>('an image', userBlock({ type: 'image', source }), {
  type: refused('video'),
  source: translated({ type: 'url', url: 'https://a.example/b.png' }),
  cache_control: mark,
  transformations: refused({}),
});
const document = { type: 'document', source: { ...source, media_type: 'application/pdf' } };
fields<Anthropic.DocumentBlockParam>('a document', userBlock(document), {
  type: refused('video'),
  source: translated({ ...document.source, data: 'eQ==' }),
  title: translated('t', fileName),
  cache_control: mark,
  citations: refused({ enabled: true }),
  context: refused('x'),
});
const toolUse = { type: 'tool_use', id: 't', name: 'x', input: {} };
fields<Anthropic.ToolUseBlockParam>(
  'a call',
  message('messages[1].content[0]', toolUse, (made) => messages(hi, { role: 'assistant', content: [made] })),
  {
    type: refused('server_tool_use'),
    id: translated('u'),
    name: translated('y'),
    input: translated({ a: 1 }),
    cache_control: mark,
    caller: harmless({ type: 'direct' }, 'every call is by the model itself'),
    toolset_name: refused('s'),
  },
);
fields<Anthropic.ToolResultBlockParam>(
  'the result of a call',
  userBlock({ type: 'tool_result', tool_use_id: 't', content: '1' }, hi, {
    role: 'assistant',
    content: [toolUse, { ...toolUse, id: 'u' }],
  }),
  {
    type: refused('web_search_tool_result'),
    tool_use_id: translated('u'),
    content: translated('2'),
    is_error: translated(true),
    cache_control: mark,
    toolset_name: refused('s'),
  },
);
