import { subscribe } from '@tollgate/core';
import { subscriberFaultCount } from '@tollgate/core/internal';
import { Gauge } from 'prom-client';
import type { Instruments } from './instruments.js';
import { KnownValues } from './known-values.js';

/** Seconds, from guards in memory to a store in another zone. */
const overheadBuckets = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2,
];

/** Counts the messages that packages publish on `node:diagnostics_channel`; returns a function that stops it. */
export function channelMetrics(instruments: Instruments, prefix: string): () => void {
  const authentications = instruments.counter('authentications_total', 'Credentials looked at.', 'outcome');
  const rateLimits = instruments.counter(
    'rate_limit_decisions_total',
    'Requests that rateLimit() decided on.',
    'plan',
    'outcome',
  );
  const refusals = instruments.counter(
    'refusals_total',
    'Requests refused; shadow="true": let through, since the guard only watches.',
    'code',
    'status',
    'shadow',
  );
  const reservations = instruments.counter(
    'reservations_total',
    'Decisions of the quota store: reserve, extend, cover.',
    'operation',
    'outcome',
    'blocked_by',
  );
  const settlements = instruments.counter('settlements_total', 'Settlements by outcome.', 'outcome');
  const thresholds = instruments.counter(
    'thresholds_total',
    'Shares of caps (0.5, 0.8, 1) that were crossed.',
    'unit',
    'threshold',
  );
  const stores = instruments.counter(
    'store_events_total',
    'Stores failing, down, up again, and admissions without them (unverified, grace).',
    'store',
    'operation',
    'outcome',
  );
  const upstream = instruments.counter(
    'upstream_attempts_total',
    'HTTP exchanges of proxy() with providers.',
    'provider',
    'api',
    'status',
    'outcome',
  );
  const unmetered = instruments.counter(
    'unmetered_calls_total',
    'Calls that metered fetch passed on without metering, by host and reason (free, unknown-host, allowed, outside).',
    'host',
    'reason',
  );
  const drains = instruments.counter(
    'drains_refused_total',
    'Calls that were aborted when their client left, since too many others continued without theirs.',
  );
  const places = instruments.counter(
    'concurrency_decisions_total',
    'Requests that concurrency() let in, made wait or refused.',
    'plan',
    'outcome',
  );
  const waits = instruments.duration(
    'concurrency_wait_seconds',
    'How long requests waited for their permit.',
    ['plan'],
  );
  const overheads = instruments.duration(
    'overhead_seconds',
    'Time that Tollgate itself took, by stage: admission, call, settlement; its stores included.',
    ['stage'],
    overheadBuckets,
  );
  const overages = instruments.counter(
    'overage_requests_total',
    'Requests that were admitted into the overage of a limit.',
    'unit',
  );
  const jobs = instruments.counter('jobs_total', 'Deferred requests by outcome.', 'plan', 'outcome');
  const findings = instruments.counter(
    'guardrail_findings_total',
    'Texts in which a rule of guardrails() found something.',
    'rule',
    'action',
    'where',
  );
  const cached = instruments.counter(
    'cache_events_total',
    'Calls that cache() answered or did not, answers that it kept, faults of its store.',
    'plan',
    'outcome',
  );
  const measures = instruments.counter(
    'watch_mitigations_total',
    'What watch() did about findings, or would have done.',
    'detector',
    'action',
    'outcome',
  );
  const alerts = instruments.counter(
    'alert_notices_total',
    'Notices of incidents, by receiver and whether it took them.',
    'to',
    'event',
    'kind',
    'severity',
    'outcome',
  );
  const breakers = instruments.counter(
    'breaker_changes_total',
    'Breakers that opened or closed, by what they guard.',
    'target',
    'breaker',
  );
  const retries = instruments.counter(
    'retries_total',
    'Attempts beyond the first of their call, by the reason of the one before.',
    'provider',
    'reason',
  );
  const openTargets = new KnownValues(instruments.maxLabelValues);
  const circuits = new Gauge({
    name: `${prefix}circuit_open`,
    help: '1 while the breaker of a target is open.',
    labelNames: ['target'],
    registers: [instruments.registry],
  });
  const routes = instruments.counter(
    'route_decisions_total',
    'Models that router() chose first, by task, who named it, and why; target="": none could answer.',
    'task',
    'by',
    'why',
    'target',
  );
  const excluded = instruments.counter(
    'route_exclusions_total',
    'Models that router() could not choose for a request.',
    'target',
    'why',
  );
  const paced = instruments.counter(
    'paced_calls_total',
    'Calls that waited for their turn at a provider: had it (turn), waited too long (late), were left (gone).',
    'target',
    'paced',
  );
  const faults = instruments.counter(
    'faults_total',
    'Faults that were caught; responses continued.',
    'where',
  );
  const warnings = instruments.counter('warnings_total', 'Hazards of the environment warned of.', 'code');
  new Gauge({
    name: `${prefix}subscriber_faults`,
    help: 'How often a listener of subscribe() has thrown.',
    registers: [instruments.registry],
    collect() {
      this.set(subscriberFaultCount());
    },
  });

  const ends = [
    subscribe('tollgate:auth', (facts) => authentications(facts)),
    subscribe('tollgate:rate-limit', (facts) => rateLimits(facts)),
    subscribe('tollgate:refuse', (facts) => refusals({ ...facts, shadow: facts.shadow === true })),
    subscribe('tollgate:reserve', ({ operation, ok, blockedBy }) =>
      reservations({ operation, outcome: ok ? 'admitted' : 'refused', blocked_by: blockedBy }),
    ),
    // Stores publish each settlement as well; only those that no other publisher reports are counted.
    subscribe('tollgate:settle', ({ outcome, partition }) => {
      if (partition === undefined || outcome === 'reaped') settlements({ outcome });
    }),
    subscribe('tollgate:threshold', (facts) => thresholds(facts)),
    subscribe('tollgate:store', ({ store, operation, outcome, state }) =>
      stores({ store: store ?? 'quota', operation, outcome: outcome ?? state }),
    ),
    subscribe('tollgate:upstream', (facts) => {
      if (facts.breaker !== undefined) {
        breakers(facts);
        circuits.set({ target: openTargets.label(facts.target) }, Number(facts.breaker === 'open'));
      } else if (facts.paced !== undefined) paced(facts);
      else {
        upstream(facts);
        if (Number(facts.attempt) > 1) retries(facts);
      }
    }),
    subscribe('tollgate:unmetered', (facts) => unmetered(facts)),
    subscribe('tollgate:drain', () => drains({})),
    subscribe('tollgate:concurrency', (facts) => {
      if (facts.requestId !== undefined) places(facts);
      if (facts.outcome === 'admitted' && typeof facts.waitedMs === 'number') waits(facts, facts.waitedMs);
    }),
    subscribe('tollgate:overhead', (facts) => overheads(facts, facts.ms)),
    subscribe('tollgate:overage', (facts) => overages(facts)),
    subscribe('tollgate:job', (facts) => jobs(facts)),
    subscribe('tollgate:guardrail', (facts) => findings(facts)),
    subscribe('tollgate:cache', (facts) => cached(facts)),
    subscribe('tollgate:watch', (facts) => measures({ ...facts, action: facts.do })),
    subscribe('tollgate:alert', (facts) => alerts(facts)),
    subscribe('tollgate:route', ({ inputs, decision }) => {
      const { task, taskBy } = fieldsOf(inputs);
      const { ranked, why, excluded: out } = fieldsOf(decision);
      const [target] = Array.isArray(ranked) ? ranked : [];
      routes({ task, by: taskBy, why: target === undefined ? 'none' : why, target });
      for (const [name, reason] of Object.entries(fieldsOf(out))) excluded({ target: name, why: reason });
    }),
    subscribe('tollgate:fault', ({ where, source }) => faults({ where: where ?? source })),
    subscribe('tollgate:warning', (facts) => warnings(facts)),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** Payloads are read without trust: a value that is no object has no fields. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
