export { adjusted } from './adjusted.js';
export type { AlertStore, AlertWork, DueAlertWork } from './alert-store.js';
export { atOnce, done, goOn, isPromise, promised } from './answered.js';
export {
  type CreatedKey,
  type CreateKeyOptions,
  createKey,
  type ParsedKey,
  parseKey,
  sameDigest,
  sha256Hex,
} from './api-key.js';
export { AppendFile } from './append-file.js';
export { type AttemptChain, chained, chainOf } from './attempt-chain.js';
export type { CacheStore } from './cache-store.js';
export { type CachedAnswer, cachedHeaders } from './cached-answer.js';
export { calendarSpan, calendarSpanOf } from './calendar-window.js';
export type {
  Call,
  CallEnd,
  CallVariant,
  Estimate,
  JsonObject,
  JsonValue,
  OutgoingRequest,
  ParsedCall,
  Settlement,
  UsageCeiling,
  WireApi,
} from './call.js';
export type {
  BeginOptions,
  CallHandle,
  CallPipeline,
  CallRecorder,
  CallStage,
  CallStep,
  RecordedCall,
  RequestEnd,
} from './call-pipeline.js';
export type { Caller } from './caller.js';
export { type ChannelName, publish, subscribe, subscriberFaultCount } from './channel.js';
export {
  type ChildIdentity,
  type ChildRevocations,
  childClockToleranceMs,
  maxChildLifetimeMs,
} from './child-revocations.js';
export type { ClaimStore } from './claim-store.js';
export type { Reservation, TollgateContext } from './context.js';
export { type CounterSubject, counterOf, isOfCaller, isOfRequest } from './counter.js';
export { storeTimeLeft, withinDeadline } from './deadline.js';
export { declareLimit, declareRequests } from './declare-limit.js';
export { acceptsPlans, definePlans, modelAllowed, planOf } from './define-plans.js';
export { type DrainBounds, type Drains, defaultDrainMs, drainsCheck, drainsOf } from './drains.js';
export { type ErrorFormat, type FormattedError, formatError, formatErrorEvent } from './error-format.js';
export { idTimeMs, newId } from './id.js';
export { cutIdleClient, defaultClientIdleMs } from './idle-clients.js';
export { type JobRun, jobRunOf, setJobRun } from './job-run.js';
export { type JsonBodyOptions, jsonBody } from './json-body.js';
export {
  acceptsScope,
  type IssuedKey,
  type KeyFacts,
  keyFactsChecks,
  type NewKey,
  rotatedSecrets,
} from './key-facts.js';
export type { ApiKeyRecord, KeySecret, KeyStore } from './key-store.js';
export type { CustomScope, Limit, RequestRate, ScopePart } from './limit.js';
export {
  type DeclaredLimit,
  describeLimit,
  inputTokens,
  type LimitsByUnit,
  limitsOf,
  outputTokens,
  requests,
  type ScopableLimit,
  spend,
  tokens,
} from './limit-builders.js';
export {
  type LimitOverride,
  type LimitOverrides,
  type OverrideKind,
  type OverrideScope,
  type OverrideSubject,
  overrideKinds,
  overrideSlot,
  ownLimitsOf,
} from './limit-override.js';
export { lostHeadersRefusal } from './lost-headers.js';
export { type MemoryAlertsOptions, memoryAlerts } from './memory-alerts.js';
export { type MemoryCacheOptions, memoryCache } from './memory-cache.js';
export { type MemoryClaimsOptions, memoryClaims } from './memory-claims.js';
export { type MemoryProviders, type MemoryProvidersOptions, memoryProviders } from './memory-providers.js';
export { type MemoryQuotaOptions, memoryQuota } from './memory-quota.js';
export { memorySwitch } from './memory-switch.js';
export { formatUsd, maxCapNanoUsd, type NanoUsd, nanoUsdPerUsd, parseUsd } from './money.js';
export {
  accepts,
  checkOptions,
  describeValue,
  type GuardOptions,
  guardChecks,
  type OptionCheck,
  type OptionChecks,
  suggestion,
} from './options.js';
export { hasOwnLimits, limitsFor, type OwnLimits } from './own-limits.js';
export type {
  DegradeStep,
  LimitDeclaration,
  LimitText,
  Plan,
  PlanDeclaration,
  Plans,
  RequestsDeclaration,
} from './plan.js';
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
} from './provider-store.js';
export { checkAlternatives, checkCharges, checkItems, checkLease, checkRunning } from './quota-checks.js';
export { type CounterBook, stateOf } from './quota-counters.js';
export { QuotaEngine } from './quota-engine.js';
export { type Obstacle, refusalOf } from './quota-refusal.js';
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
  QuotaStore,
  RenewRequest,
  ReserveRequest,
  ReserveResult,
  RunningCost,
  ThresholdCrossing,
} from './quota-store.js';
export { Tally, type TallyView } from './quota-tally.js';
export { appendRateLimit, type RateLimitEntry } from './rate-limit-field.js';
export {
  answerError,
  errorFormatOf,
  guarded,
  refuse,
  refuseOrShadow,
  type TollgateErrorsOptions,
  tollgateErrors,
} from './refuse.js';
export { contextOf, detachedContext } from './request-context.js';
export { Roster, type RosterPlace } from './roster.js';
export { runInContext, runningContext } from './running-context.js';
export type { CounterWindow, SpendSource, WindowSpend } from './spend-source.js';
export { heardStoreTime } from './store-time.js';
export {
  checkStoredSwitchEntry,
  checkSwitchEntry,
  holdsSecret,
  type SwitchEntry,
  type SwitchKind,
  type SwitchState,
  type SwitchStore,
  switchKey,
  switchKeysOf,
  switchKinds,
  switchPattern,
  switchPatternCovers,
} from './switch.js';
export type { Tightening } from './tightening.js';
export { type BucketLevel, bucketProblem, type RefillRate, refillMs, refillRate } from './token-bucket.js';
export {
  isTollgateError,
  TollgateError,
  type TollgateErrorCode,
  type TollgateErrorFacts,
} from './tollgate-error.js';
export { type Unit, units } from './unit.js';
export { estimateIn, unresolvedUsd, withUnresolved } from './unresolved.js';
export { noUsage, type Usage } from './usage.js';
export { adjustmentEvent, adjustmentId, uncertainEvent } from './usage-correction.js';
export type { AttemptOutcome, EventCharge, UsageEvent, UsageSink } from './usage-event.js';
export { type EventFacts, usageEventOf } from './usage-event-of.js';
export { forgetWarnings, type WarningCode, warnOfManyProcesses, warnOnce } from './warning.js';
export { wasSent } from './was-sent.js';
export {
  type CalendarPeriod,
  type CalendarWindow,
  type LiveWindow,
  type TokenBucket,
  type Window,
  type WindowSpan,
  windowName,
} from './window.js';
