import type { WireApi } from '@tollgate/core/internal';
import type { Fields } from './answer/reported-usage.js';
import { anthropicMessages } from './anthropic-messages/format.js';
import type { WireFormat } from './format/wire-format.js';
import { geminiGenerate } from './gemini-generate/format.js';
import { openaiChat } from './openai-chat/format.js';
import { openaiEmbeddings } from './openai-embeddings/format.js';
import { openaiResponses } from './openai-responses/format.js';

const formats: Readonly<Record<WireApi, WireFormat>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'openai-embeddings': openaiEmbeddings,
  'anthropic-messages': anthropicMessages,
  'gemini-generate': geminiGenerate,
};

/** The name of every format. */
export const wireApis = Object.keys(formats) as readonly WireApi[];

/** The format of this name. */
export const formatOf = (api: WireApi): WireFormat => formats[api];

/** The format of a provider's usage object, by its names; `undefined`: it has those of none. */
export const formatOfUsage = (usage: Fields): WireFormat | undefined =>
  [openaiChat, geminiGenerate, anthropicMessages, openaiResponses].find((format) => format.hasUsage(usage));
