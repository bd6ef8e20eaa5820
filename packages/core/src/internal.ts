export { type AttemptChain, chained, chainOf } from './call/attempt-chain.js';
export { type CachedAnswer, cachedHeaders } from './call/cached-answer.js';
export type {
  AdmittedCall,
  Call,
  CallEnd,
  CallVariant,
  DeclaredCall,
  Estimate,
  JsonObject,
  JsonValue,
  OutgoingRequest,
  ParsedCall,
  Recording,
  SettledCall,
  Settlement,
  UsageCeiling,
  WireApi,
  Writing,
} from './call/call.js';
export type {
  BeginOptions,
  CallHandle,
  CallPipeline,
  CallRecorder,
  CallStage,
  CallStep,
  RecordedCall,
  RequestEnd,
} from './call/call-pipeline.js';
export { type DrainBounds, type Drains, defaultDrainMs, drainsCheck, drainsOf } from './call/drains.js';
export { estimateIn, unresolvedUsd, withUnresolved } from './call/unresolved.js';
export { noUsage } from './call/usage.js';
export { adjustmentEvent, adjustmentId, uncertainEvent } from './call/usage-correction.js';
export type { AttemptOutcome, EventCharge } from './call/usage-event.js';
export { wasSent } from './call/was-sent.js';
export { type ErrorFormat, type FormattedError, formatError, formatErrorEvent } from './http/error-format.js';
export { lostHeadersRefusal } from './http/lost-headers.js';
export { appendRateLimit, type RateLimitEntry } from './http/rate-limit-field.js';
export {
  type CreatedKey,
  type CreateKeyOptions,
  createKey,
  type ParsedKey,
  parseKey,
  sameDigest,
  sha256Hex,
} from './keys/api-key.js';
export {
  type ChildIdentity,
  type ChildRevocations,
  childClockToleranceMs,
  maxChildLifetimeMs,
} from './keys/child-revocations.js';
export {
  acceptsScope,
  type IssuedKey,
  type KeyFacts,
  keyFactsChecks,
  type NewKey,
  rotatedSecrets,
} from './keys/key-facts.js';
export type { ApiKeyRecord, KeySecret } from './keys/key-store.js';
export { AppendFile } from './lib/append-file.js';
export { type ChannelName, channelNames, publish, subscriberFaultCount } from './lib/channel.js';
export type { ChannelPayloads } from './lib/channel-payloads.js';
export type { LaneSettings, Waiter } from './lib/fair-lane.js';
export { FairQueue } from './lib/fair-queue.js';
export { idTimeMs, newId } from './lib/id.js';
export { type IndexedEntry, IndexedList } from './lib/indexed-list.js';
export { LineQueue } from './lib/line-queue.js';
export { asPromise, attempt, done, isPromise, whenReady } from './lib/maybe-promise.js';
export { maxCapNanoUsd, nanoUsdPerUsd } from './lib/money.js';
export { type ErrorFields, nestedErrors } from './lib/nested-errors.js';
export {
  accepts,
  checkOptions,
  describeValue,
  type GuardOptions,
  guardChecks,
  type OptionCheck,
  type OptionChecks,
  suggestion,
} from './lib/options.js';
export { isPrivateHost } from './lib/private-host.js';
export { processName } from './lib/process-name.js';
export {
  type FoundSecret,
  maskSecrets,
  type SecretFormat,
  secretFormats,
  secretsIn,
} from './lib/secret-formats.js';
export { heardStoreTime } from './lib/store-time.js';
export type { TollgateErrorCode, TollgateErrorFacts } from './lib/tollgate-error.js';
export { type Unit, units } from './lib/unit.js';
export { forgetWarnings, type WarningCode, warnOfManyProcesses, warnOnce } from './lib/warning.js';
export { calendarSpan, calendarSpanOf } from './plans/calendar-window.js';
export { checkedCaller, type GivenCaller } from './plans/checked-caller.js';
export { declareLimit, declareRequests } from './plans/declare-limit.js';
export { acceptsPlans, modelAllowed, planOf } from './plans/define-plans.js';
export type { CustomScope, RequestRate, ScopePart } from './plans/limit.js';
export {
  type DeclaredLimit,
  describeLimit,
  type LimitsByUnit,
  limitsOf,
  type ScopableLimit,
} from './plans/limit-builders.js';
export {
  type LimitOverrides,
  type OverrideKind,
  type OverrideScope,
  type OverrideSubject,
  overrideKinds,
  overrideSlot,
  ownLimitsOf,
} from './plans/limit-override.js';
export type { LimitReduction } from './plans/limit-reduction.js';
export { hasOwnLimits, limitsFor } from './plans/limits-for.js';
export type { OwnLimits } from './plans/own-limits.js';
export {
  type Criticality,
  type DegradeStep,
  defaultMaxOutputTokens,
  type LimitDeclaration,
  type LimitText,
  type RequestsDeclaration,
} from './plans/plan.js';
export {
  type BucketLevel,
  bucketProblem,
  type RefillRate,
  refillMs,
  refillRate,
} from './plans/token-bucket.js';
export {
  type CalendarPeriod,
  type CalendarWindow,
  type LiveWindow,
  type TokenBucket,
  type Window,
  type WindowSpan,
  windowName,
} from './plans/window.js';
export { adjusted } from './quota/adjusted.js';
export { type CounterSubject, definitionOf, isOfCaller, isOfRequest, newCounter } from './quota/counter.js';
export { definitionIn, scopeSpanOf, spanNamed } from './quota/counter-name.js';
export type { MemoryQuotaOptions } from './quota/memory-quota.js';
export {
  checkAlternatives,
  checkCharges,
  checkItems,
  checkLease,
  checkRunning,
} from './quota/quota-checks.js';
export { type CounterBook, stateOf } from './quota/quota-counters.js';
export { QuotaEngine } from './quota/quota-engine.js';
export { type BlockingCounter, refusalOf } from './quota/quota-refusal.js';
export type {
  AdjustRequest,
  ChargeItem,
  ChargeRequest,
  ChargeResult,
  CloseRequest,
  CounterState,
  CoverRequest,
  ExtendRequest,
  QuotaAlternative,
  QuotaCharge,
  QuotaCounter,
  QuotaGrant,
  QuotaRefusal,
  RenewRequest,
  ReserveRequest,
  ReserveResult,
  RunningCost,
  ThresholdCrossing,
} from './quota/quota-store.js';
export type { CounterWindow, ScopeSpan, SpendSource, WindowSpend } from './quota/spend-source.js';
export { WindowCounter, type WindowCounterView } from './quota/window-counter.js';
export { WindowFiller } from './quota/window-filler.js';
export type { CountedByGuard, Reservation } from './request/context.js';
export { storeTimeLeft, withinDeadline } from './request/deadline.js';
export { cutIdleClient, defaultClientIdleMs } from './request/idle-clients.js';
export { type JobRun, jobRunOf, setJobRun } from './request/job-run.js';
export type { JsonBodyOptions } from './request/json-body.js';
export { errorFormatOf } from './request/refuse.js';
export { detachedContext } from './request/request-context.js';
export { runInContext, runningContext } from './request/running-context.js';
export { type HandlerFailure, stackOf, type TollgateErrorsOptions } from './request/tollgate-errors.js';
export { type EventFacts, usageEventOf } from './request/usage-event-of.js';
export type { AlertStore, AlertWork, DueAlertWork } from './stores/alert-store.js';
export type { StoreState } from './stores/circuit-breaker.js';
export type { LearnedStore } from './stores/learned-store.js';
export type { MemoryAlertsOptions } from './stores/memory-alerts.js';
export type { MemoryCacheOptions } from './stores/memory-cache.js';
export type { MemoryClaimsOptions } from './stores/memory-claims.js';
export {
  type MemoryProviders,
  type MemoryProvidersOptions,
  memoryProviders,
} from './stores/memory-providers.js';
export {
  latestFirst,
  type MitigationRecord,
  type MitigationStore,
  memoryMitigations,
  type OperatorDecision,
  type TakenBack,
} from './stores/mitigation-store.js';
export {
  type OpenBreaker,
  type ProviderAmounts,
  type ProviderStore,
  type ProviderUnit,
  providerUnits,
  type StatedLimit,
  type Statement,
  type TakeAnswer,
  type Taken,
  type WaitingCall,
} from './stores/provider-store.js';
export { mayHaveRun, StoreClient, StorePausedError } from './stores/store-client.js';
export {
  checkStoredSwitchEntry,
  checkSwitchEntry,
  holdsSecret,
  type SwitchEntry,
  type SwitchKind,
  type SwitchState,
  switchKey,
  switchKeysOf,
  switchKinds,
  switchPattern,
  switchPatternCovers,
} from './stores/switch.js';
