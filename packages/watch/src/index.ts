export type { LearnedStore } from '@tollgate/core/internal';
export { type Alerts, alerts } from './alerts/alerts.js';
export type { AlertSource, AlertsOptions } from './alerts/alerts-options.js';
export { callback } from './alerts/callback.js';
export {
  type AlertDestination,
  type AlertNotice,
  DeliveryFailure,
  type DestinationOptions,
} from './alerts/destination.js';
export { type EmailOptions, email, type MailTransport } from './alerts/email.js';
export type {
  AlertKind,
  AlertReport,
  Incident,
  IncidentEvent,
  Severity,
  TimelineEntry,
} from './alerts/incident.js';
export { type PagerDutyOptions, pagerDuty } from './alerts/pager-duty.js';
export { type SlackOptions, slack } from './alerts/slack.js';
export type { StormOptions } from './alerts/storms.js';
export { type WebhookOptions, webhook } from './alerts/webhook.js';
export { type ChallengeOptions, challenge } from './challenge/challenge-guard.js';
export {
  type AskedChallenge,
  type ChallengeQuestion,
  type Challenges,
  type ProofOfWorkOptions,
  proofOfWork,
} from './challenge/challenges.js';
export type { Detector, ObservedRequest, ReportedFinding } from './detectors/custom-detector.js';
export type { AnyDetectorName, DetectorName, FeatureSeen, Finding } from './detectors/finding.js';
export type { Subject, SubjectKind } from './features/subject.js';
export { IsolationForest, type TrainOptions } from './forest/isolation-forest.js';
export type { SavedForest } from './forest/saved-forest.js';
export type { BlastRadius } from './ladder/blast-radius.js';
export type { Mitigation, MitigationOutcome } from './ladder/mitigation.js';
export { type Action, type ActionName, defaultPolicy, type PolicyRule } from './ladder/policy.js';
export type { RotatedKey, Rotation } from './ladder/rotating.js';
export { fileLearned } from './learned/file-learned.js';
export type { Budget } from './statistics/burn-rate.js';
export { type Forecast, type SavedForecast, SpendForecast } from './statistics/spend-forecast.js';
export { fileSwitch } from './switch/file-switch.js';
export { type KillSwitch, type KillSwitchOptions, killSwitch } from './switch/kill-switch.js';
export { type Watch, watch } from './watch.js';
export type { WatchOptions } from './watch-options.js';
