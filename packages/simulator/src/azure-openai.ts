import type { Answer } from './answer.js';
import { isObject, type Json, type JsonObject, listOf } from './json.js';
import { openAiChatEvents, openAiChatJson, readOpenAiChat } from './openai-chat.js';
import type { StreamEvent } from './stream-event.js';
import type { JsonAnswer, WireFormat } from './wire-format.js';

const SAFE = { filtered: false, severity: 'safe' };
const FOUND = { filtered: true, severity: 'high' };
const resultsFor = (filtered: boolean): JsonObject => ({
  hate: SAFE,
  self_harm: SAFE,
  sexual: SAFE,
  violence: filtered ? FOUND : SAFE,
});
const promptResults = (): JsonObject[] => [{ prompt_index: 0, content_filter_results: resultsFor(false) }];

/** The content filter's results of a choice that has text; Azure leaves them empty on the others. */
function filtered(choice: Json): Json {
  if (!isObject(choice)) return choice;
  const ended = choice.finish_reason === 'content_filter';
  const speaks = ended || JSON.stringify(choice).includes('"content":"');
  return { ...choice, content_filter_results: speaks ? resultsFor(ended) : {} };
}

/** A chat completion with Azure's content filter results. */
function azureOpenAiJson(answer: Answer): JsonAnswer {
  const { json, usage } = openAiChatJson(answer);
  const choices = listOf(json.choices).map((choice) => filtered(choice));
  return { json: { ...json, choices, prompt_filter_results: promptResults() }, usage };
}

/** A chat stream as Azure sends it: the first frame has no choices and no usage, only the prompt's filter results. */
function azureOpenAiEvents(answer: Answer): StreamEvent[] {
  const first = {
    choices: [],
    created: 0,
    id: '',
    model: '',
    object: '',
    prompt_filter_results: promptResults(),
  };
  const events = openAiChatEvents(answer).map((event): StreamEvent => {
    if (event.last) return event;
    const chunk: Json = JSON.parse(event.data);
    if (!isObject(chunk)) return event;
    return {
      ...event,
      data: JSON.stringify({ ...chunk, choices: listOf(chunk.choices).map((choice) => filtered(choice)) }),
    };
  });
  return [{ data: JSON.stringify(first) }, ...events];
}

/** POST /openai/deployments/{deployment}/chat/completions. */
export const azureOpenAi: WireFormat = {
  read: readOpenAiChat,
  json: azureOpenAiJson,
  events: azureOpenAiEvents,
};
