import type {
  Content,
  FunctionCall,
  FunctionCallingConfig,
  FunctionDeclaration,
  FunctionResponse,
  GenerateContentConfig,
  GenerationConfig,
  Part,
  ThinkingConfig,
  Tool,
  ToolConfig,
} from '@google/genai';
import type { JsonObject } from '@tollgate/core/internal';
import { fields, harmless, placesIn, refused, translated } from './fates.js';

/** What the SDK keeps to itself, and what it sends within `generationConfig`. */
type NotAtTheTop =
  | keyof GenerationConfig
  | 'httpOptions'
  | 'abortSignal'
  | 'automaticFunctionCalling'
  | 'automaticContinuation'
  | 'imageConfig';

const schema = { type: 'object' };
const hi = { role: 'user', parts: [{ text: 'Hi' }] };
const gemini = placesIn('gemini-generate', { contents: [hi] });

fields<Omit<GenerateContentConfig, NotAtTheTop>>(
  'a request',
  gemini('', {}, (made) => made),
  {
    systemInstruction: translated({ parts: [{ text: 'Be brief.' }] }),
    tools: translated([{ functionDeclarations: [{ name: 'x' }] }]),
    toolConfig: translated({ functionCallingConfig: { mode: 'NONE' } }),
    cachedContent: refused('cachedContents/x'),
    continuationToken: refused('x'),
    generationOutputConfig: refused({}),
    labels: refused({ a: 'b' }),
    modelArmorConfig: refused({}),
    safetySettings: refused([]),
    serviceTier: refused('flex'),
    store: refused(true),
  },
);

type Schemas = 'responseSchema' | 'responseJsonSchema';
fields<Omit<GenerationConfig, Schemas> & Pick<GenerateContentConfig, 'imageConfig'>>(
  'generationConfig',
  gemini('generationConfig', {}, (made) => ({ generationConfig: made })),
  {
    maxOutputTokens: translated(9),
    temperature: translated(0.5),
    topP: translated(0.5),
    topK: translated(5),
    stopSequences: translated(['x']),
    seed: translated(7),
    presencePenalty: translated(1),
    frequencyPenalty: translated(1),
    responseMimeType: translated('application/json'),
    thinkingConfig: translated({ thinkingLevel: 'LOW' }),
    candidateCount: refused(2),
    responseModalities: refused(['AUDIO']),
    audioTimestamp: refused(true),
    audioTranscriptionConfig: refused({}),
    enableAffectiveDialog: refused(true),
    enableEnhancedCivicAnswers: refused(true),
    imageConfig: refused({}),
    logprobs: refused(1),
    mediaResolution: refused('MEDIA_RESOLUTION_LOW'),
    modelSelectionConfig: refused({}),
    responseFormat: refused([]),
    responseLogprobs: refused(true),
    routingConfig: refused({}),
    speechConfig: refused({}),
    translationConfig: refused({}),
  },
);

fields<Pick<GenerationConfig, Schemas>>(
  'the form of an answer',
  gemini('generationConfig', {}, (made) => ({
    generationConfig: { responseMimeType: 'application/json', ...made },
  })),
  {
    responseJsonSchema: translated(schema),
    responseSchema: translated({ type: 'OBJECT' }),
  },
);

fields<ThinkingConfig>(
  'thinkingConfig',
  gemini('generationConfig.thinkingConfig', { thinkingLevel: 'LOW' }, (made) => ({
    generationConfig: { maxOutputTokens: 4_000, thinkingConfig: made },
  })),
  {
    includeThoughts: translated(true, {
      'openai-chat': 'it has no such field; thoughts that the model shows are passed on',
    }),
    thinkingBudget: refused(20_000),
    thinkingLevel: translated('HIGH'),
  },
);

const calling = { mode: 'AUTO' };
fields<ToolConfig>(
  'toolConfig',
  gemini('toolConfig', { functionCallingConfig: calling }, (made) => ({ toolConfig: made })),
  {
    functionCallingConfig: translated({ mode: 'ANY' }),
    retrievalConfig: refused({}),
    includeServerSideToolInvocations: refused(true),
  },
);
fields<FunctionCallingConfig>(
  'functionCallingConfig',
  gemini('toolConfig.functionCallingConfig', { mode: 'ANY' }, (made) => ({
    toolConfig: { functionCallingConfig: made },
  })),
  {
    mode: translated('NONE'),
    allowedFunctionNames: translated(['x']),
    streamFunctionCallArguments: refused(true),
  },
);
fields<Tool>(
  'a tool',
  gemini('tools[0]', {}, (made) => ({ tools: [made] })),
  {
    functionDeclarations: translated([{ name: 'x' }]),
    codeExecution: refused({}),
    computerUse: refused({}),
    enterpriseWebSearch: refused({}),
    exaAiSearch: refused({}),
    fileSearch: refused({}),
    googleMaps: refused({}),
    googleSearch: refused({}),
    googleSearchRetrieval: refused({}),
    mcpServers: refused([]),
    parallelAiSearch: refused({}),
    retrieval: refused({}),
    urlContext: refused({}),
  },
);
fields<FunctionDeclaration>(
  'a function',
  gemini('tools[0].functionDeclarations[0]', { name: 'x' }, (made) => ({
    tools: [{ functionDeclarations: [made] }],
  })),
  {
    name: translated('y'),
    description: translated('d'),
    parameters: translated({ type: 'OBJECT', properties: { a: { type: 'STRING' } } }),
    parametersJsonSchema: translated({ ...schema, title: 't' }),
    behavior: refused('NON_BLOCKING'),
    response: refused({ type: 'OBJECT' }),
    responseJsonSchema: refused({}),
  },
);

const contents = (...list: JsonObject[]): JsonObject => ({ contents: list });
fields<Content>(
  'a content',
  gemini('contents[0]', hi, (made) => contents(made)),
  { parts: translated([{ text: 'Ho' }]), role: refused('owner') },
);
const part = (object: JsonObject) =>
  gemini('contents[0].parts[1]', object, (made) => contents({ role: 'user', parts: [{ text: 'Hi' }, made] }));
fields<Omit<Part, 'functionCall' | 'functionResponse' | 'thought' | 'thoughtSignature'>>('a part', part({}), {
  text: translated('Ho'),
  inlineData: translated({ mimeType: 'image/png', data: 'eA==' }),
  fileData: translated({ mimeType: 'image/png', fileUri: 'https://a.example/b.png' }),
  audioTranscription: refused({}),
  codeExecutionResult: refused({}),
  executableCode: refused({}),
  mediaProcessing: refused({}),
  mediaResolution: refused({}),
  partMetadata: refused({}),
  speechMetadata: refused({}),
  toolCall: refused({}),
  toolResponse: refused({}),
  videoMetadata: refused({}),
});
const functionCall = { id: 'c', name: 'x', args: {} };
const functionResponse = { id: 'c', name: 'x', response: { output: '1' } };
fields<Pick<Part, 'functionCall' | 'functionResponse' | 'thought' | 'thoughtSignature'>>(
  'a part of the model',
  gemini('contents[1].parts[1]', {}, (made) =>
    contents(hi, { role: 'model', parts: [{ text: 'Well.', thoughtSignature: 'anthropic:c2ln' }, made] }),
  ),
  {
    functionCall: translated(functionCall),
    functionResponse: refused(functionResponse),
    thought: harmless(true, 'there is no thought in a part without text'),
    thoughtSignature: translated('anthropic:c2lo'),
  },
);
fields<FunctionCall>(
  'a call',
  gemini('contents[1].parts[0].functionCall', functionCall, (made) =>
    contents(hi, { role: 'model', parts: [{ functionCall: made }] }),
  ),
  {
    id: translated('d'),
    name: translated('y'),
    args: translated({ a: 1 }),
    partialArgs: refused([]),
    willContinue: refused(true),
  },
);
fields<FunctionResponse>(
  'the result of a call',
  gemini('contents[2].parts[0].functionResponse', functionResponse, (made) =>
    contents(
      hi,
      { role: 'model', parts: [{ functionCall }, { functionCall: { ...functionCall, id: 'd' } }] },
      { role: 'user', parts: [{ functionResponse: made }] },
    ),
  ),
  {
    id: translated('d'),
    name: harmless('z', 'the id says which call it answers'),
    response: translated({ output: '2' }),
    parts: refused([]),
    scheduling: refused('SILENT'),
    willContinue: refused(true),
  },
);
