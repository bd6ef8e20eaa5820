export { createManualClock, type ManualClock, type ManualTimer } from './clock.js';
export type { FaultMode } from './fault-mode.js';
export { type FaultProxy, type FaultProxyOptions, faultProxy } from './fault-proxy.js';
export { type PostgresProcess, startPostgres } from './postgres-process.js';
export type { Books } from './provider/books.js';
export type { EnforcedLimit, EnforcedLimits } from './provider/enforced-limits.js';
export type { Json, JsonObject } from './provider/json.js';
export type { ScriptChooser, SimulatedProviderOptions } from './provider/provider-options.js';
export type { Outcome, ReceivedRequest } from './provider/received-request.js';
export type { Api, Family } from './provider/route.js';
export type {
  AnswerScript,
  FaultScript,
  FramingScript,
  PaceScript,
  Script,
  StopPoint,
  WrongUsage,
} from './provider/script.js';
export { type SimulatedProvider, simulateProvider } from './provider/simulate-provider.js';
export { addUsage, NO_USAGE, type TokenUsage } from './provider/token-usage.js';
export type { ToolCall } from './provider/tool-call.js';
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
} from './provider/wire-fixtures.js';
export { usageEvent } from './quota-fixture.js';
export { type Answer, type Received, type Receiver, startReceiver } from './receiver.js';
export { type RedisCluster, type RedisClusterOptions, startRedisCluster } from './redis-cluster.js';
export { type RedisProcess, type RedisProcessOptions, startRedis } from './redis-process.js';
export { type RedisSentinel, startRedisSentinel } from './redis-sentinel.js';
export {
  type SimulatedStripe,
  type SimulatedStripeOptions,
  type StripeFault,
  simulateStripe,
} from './stripe/simulate-stripe.js';
export type { StripeMeterEvent } from './stripe/stripe-meter-books.js';
export { tapWire, type WireTap } from './wire-tap.js';
