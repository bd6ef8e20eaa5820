export type { EnforcedLimit, EnforcedLimits } from './enforced-limits.js';
export type { ScriptChooser, SimulatedProviderOptions } from './provider-options.js';
export type { Outcome, ReceivedRequest } from './received-request.js';
export type { Accounts } from './request-log.js';
export type { Script } from './script.js';
export { type SimulatedProvider, simulateProvider } from './simulate-provider.js';
export type { TokenUsage } from './token-usage.js';
export {
  anthropicMessagesBody,
  anthropicMessagesStream,
  azureOpenAiBody,
  azureOpenAiStream,
  geminiArrayStream,
  geminiBody,
  geminiStream,
  openAiChatBody,
  openAiChatStream,
  openAiResponsesBody,
  openAiResponsesStream,
  type WireFixture,
} from './wire-fixtures.js';
