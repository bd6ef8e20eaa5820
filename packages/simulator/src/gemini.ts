import { type Answer, type Asked, type Choice, type Invalid, shownTokens, textOfChoice } from './answer.js';
import { countInputTokens } from './input-tokens.js';
import { fieldOf, type JsonObject, listOf, stringOf, textOf } from './json.js';
import { invalid, isInvalid, readCap, readCount, readModel } from './read-request.js';
import type { StreamEvent } from './stream-event.js';
import { usageAfter } from './token-usage.js';
import type { ToolChoice } from './tool-call.js';
import type { JsonAnswer, RequestFacts, WireFormat } from './wire-format.js';

const FINISH = { stop: 'STOP', length: 'MAX_TOKENS', tool: 'STOP', filter: 'SAFETY' } as const;

function toolChoiceOf(body: JsonObject): ToolChoice {
  const calling = fieldOf(body.toolConfig, 'functionCallingConfig');
  const mode = fieldOf(calling, 'mode');
  const allowed = stringOf(listOf(fieldOf(calling, 'allowedFunctionNames'))[0]);
  if (mode === 'NONE') return 'none';
  if (mode !== 'ANY') return 'auto';
  return allowed === undefined ? 'required' : { name: allowed };
}

/** Reads the body of POST /v1beta/models/{model}:generateContent and :streamGenerateContent. */
function readGemini(body: JsonObject, facts: RequestFacts): Asked | Invalid {
  const model = readModel(body, facts.pathModel);
  if (isInvalid(model)) return model;
  const contents = listOf(body.contents);
  if (contents.length === 0)
    return invalid('* GenerateContentRequest.contents: contents is not specified', 'contents');
  const cap = readCap(body.generationConfig, ['maxOutputTokens'], 'generation_config.');
  if (isInvalid(cap)) return cap;
  const n = readCount(fieldOf(body.generationConfig, 'candidateCount'), 'candidate_count');
  if (isInvalid(n)) return n;
  const isUser = (content: (typeof contents)[number] | undefined): boolean =>
    (fieldOf(content, 'role') ?? 'user') === 'user';
  const last = contents.at(-1);
  const lastUser = contents.findLast(
    (content) => isUser(content) && textOf(fieldOf(content, 'parts')) !== '',
  );
  return {
    model,
    stream: facts.pathStream === true,
    includeUsage: true,
    includeObfuscation: false,
    cap,
    n,
    prompt: textOf(fieldOf(lastUser, 'parts')),
    lastIsUser:
      isUser(last) &&
      !listOf(fieldOf(last, 'parts')).some((part) => fieldOf(part, 'functionResponse') !== undefined),
    tools: listOf(body.tools).flatMap((tool) =>
      listOf(fieldOf(tool, 'functionDeclarations')).flatMap((declaration) => {
        const name = stringOf(fieldOf(declaration, 'name'));
        const schema = fieldOf(declaration, 'parameters') ?? fieldOf(declaration, 'parametersJsonSchema');
        return name === undefined ? [] : [{ name, schema }];
      }),
    ),
    toolChoice: toolChoiceOf(body),
    outputSchema: fieldOf(body.generationConfig, 'responseJsonSchema'),
    showThoughts: fieldOf(fieldOf(body.generationConfig, 'thinkingConfig'), 'includeThoughts') === true,
    serviceTier: undefined,
    speed: undefined,
    inputTokens: countInputTokens(
      [body.contents, body.systemInstruction, body.tools],
      contents.length,
      facts.bodyBytes,
    ),
  };
}

/** `usageMetadata` once `producedTokens` of the output exist; `candidatesTokenCount` leaves thoughts out. */
function geminiUsage(answer: Answer, producedTokens = answer.usage.outputTokens): JsonObject {
  const usage = usageAfter(producedTokens, answer.usage);
  const candidates = usage.outputTokens - usage.reasoningTokens;
  return {
    promptTokenCount: usage.inputTokens,
    ...(candidates > 0 ? { candidatesTokenCount: candidates } : {}),
    totalTokenCount: usage.inputTokens + usage.outputTokens,
    ...(usage.cachedInputTokens > 0 ? { cachedContentTokenCount: usage.cachedInputTokens } : {}),
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: usage.inputTokens - usage.inputAudioTokens },
      ...(usage.inputAudioTokens > 0 ? [{ modality: 'AUDIO', tokenCount: usage.inputAudioTokens }] : []),
    ],
    ...(usage.reasoningTokens > 0 ? { thoughtsTokenCount: usage.reasoningTokens } : {}),
  };
}

/** A model that thought signs its call, and shows its thoughts to those who ask. */
function partsOf(choice: Choice, answer: Answer): JsonObject[] {
  const call = choice.toolCall;
  const signed = answer.usage.reasoningTokens > 0 ? { thoughtSignature: `sig${answer.id}` } : {};
  return [
    ...thoughtsOf(answer),
    call
      ? { functionCall: { name: call.name, args: call.arguments }, ...signed }
      : { text: textOfChoice(choice) },
  ];
}

const thoughtsOf = ({ showThoughts, usage }: Answer): JsonObject[] =>
  showThoughts && usage.reasoningTokens > 0 ? [{ text: 'Let me think about this.', thought: true }] : [];

function body(answer: Answer, candidates: JsonObject[], producedTokens: number): JsonAnswer {
  const usage = answer.report(geminiUsage(answer, producedTokens));
  const json: JsonObject = {
    candidates,
    ...(usage === undefined ? {} : { usageMetadata: usage }),
    modelVersion: answer.model,
    responseId: `sim${answer.id}`,
  };
  return { json, usage };
}

/** The body of an answer in one piece. */
function geminiJson(answer: Answer): JsonAnswer {
  const candidates = answer.choices.map((choice, index) => ({
    content: { parts: partsOf(choice, answer), role: 'model' },
    finishReason: FINISH[answer.finish],
    index,
  }));
  return body(answer, candidates, answer.usage.outputTokens);
}

/** The chunks of a stream. Usage is on every chunk and grows; the last one counts. */
function geminiEvents(answer: Answer): StreamEvent[] {
  const events: StreamEvent[] = [];
  let produced = 0;
  const push = (candidates: JsonObject[], tokens: number): void => {
    produced += tokens;
    const { json, usage } = body(answer, candidates, produced);
    events.push({ data: JSON.stringify(json), tokens, ...(usage === undefined ? {} : { usage }) });
  };
  const longest = Math.max(
    1,
    ...answer.choices.map((choice) => (choice.toolCall ? 1 : choice.pieces.length)),
  );
  for (let step = 0; step < longest; step++) {
    const last = step === longest - 1;
    const candidates = answer.choices.map((choice, index) => ({
      content: {
        parts: choice.toolCall
          ? partsOf(choice, answer)
          : [...(step === 0 ? thoughtsOf(answer) : []), { text: choice.pieces[step] ?? '' }],
        role: 'model',
      },
      ...(last ? { finishReason: FINISH[answer.finish] } : {}),
      index,
    }));
    const shown = answer.choices.reduce(
      (sum, choice) => sum + (choice.toolCall ? shownTokens(choice) : step < choice.pieces.length ? 1 : 0),
      0,
    );
    push(candidates, shown + (step === 0 ? answer.hiddenTokens * answer.choices.length : 0));
  }
  return events;
}

/** POST /v1beta/models/{model}:generateContent and :streamGenerateContent. */
export const gemini: WireFormat = { read: readGemini, json: geminiJson, events: geminiEvents };
