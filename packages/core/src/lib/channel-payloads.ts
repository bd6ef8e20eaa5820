import type { Unit } from './unit.js';

/** Whose request it was. */
interface Whose {
  readonly requestId?: string | undefined;
  readonly tenant?: string | undefined;
  readonly keyId?: string | undefined;
}

/** One attempt to send a call to a provider. */
interface WhichAttempt extends Whose {
  readonly callId?: string | undefined;
  readonly attemptId?: string | undefined;
}

/** A reservation's admission by the quota store; for each request that asks it, also for refused ones. */
interface ReservePayload {
  readonly operation: string;
  /** Id of the reservation. */
  readonly id: string;
  readonly partition: string;
  readonly ok: boolean;
  /** Index of the alternative that was taken. */
  readonly alternative?: number | undefined;
  readonly grants?: readonly object[] | undefined;
  readonly blockedBy?: string | undefined;
  /** Name of the counter that refused. */
  readonly counter?: string | undefined;
  /** Its state. Amounts are in its unit. */
  readonly state?:
    | {
        readonly counter: string;
        readonly window: string;
        readonly unit: Unit;
        readonly limit: number;
        readonly used: number;
        readonly held: number;
        /** Milliseconds since 1970. */
        readonly resetsAtMs?: number | undefined;
      }
    | undefined;
  /** Refused from memory: the store was not asked. */
  readonly remembered?: boolean | undefined;
}

/** An attempt's charge, or the fate of one that the store did not accept. */
interface SettlePayload extends WhichAttempt {
  /** `charged`, `adjusted`, `repeated`, `failed`, `full`, `lost` or a kind of the outcome of a call. */
  readonly outcome?: string | undefined;
  readonly id?: string | undefined;
  readonly partition?: string | undefined;
  readonly reservationId?: string | undefined;
  /** Integer nano-dollars. */
  readonly costNanoUsd?: string | undefined;
  /** More was used than held. */
  readonly overrun?: boolean | undefined;
  readonly charges?: readonly {
    readonly counter: string;
    readonly window: string;
    readonly amount: number;
  }[];
  /** Settlements that wait for the store. */
  readonly waiting?: number | undefined;
  /** Settlements given up since the start. */
  readonly lost?: number | undefined;
  readonly error?: string | undefined;
}

/** A store that fails or is back, and admissions without it. */
interface StorePayload extends Whose {
  readonly store?: string | undefined;
  /** Name of the guard or limit that asked. */
  readonly name?: string | undefined;
  readonly server?: string | undefined;
  readonly state?: string | undefined;
  readonly outcome?: string | undefined;
  readonly operation?: string | undefined;
  readonly policy?: string | undefined;
  readonly error?: string | undefined;
  /** Admitted without the store since the start. */
  readonly unverified?: number | undefined;
  /** Admitted from leased credit since the start. */
  readonly fromGrace?: number | undefined;
  readonly waiting?: number | undefined;
  readonly dead?: number | undefined;
  readonly partition?: number | undefined;
  readonly counter?: string | undefined;
  readonly surplus?: number | undefined;
  /** What a counter's scope has spent before its limit was known; in the counter's unit. */
  readonly amount?: number | undefined;
  readonly window?: string | undefined;
  readonly windowMs?: number | undefined;
}

/** An error that no request was answered with: a sink, a spool, a callback, a background task. */
interface FaultPayload extends Whose {
  /** The part that failed; some parts give `where` instead. */
  readonly source?: string | undefined;
  readonly where?: string | undefined;
  readonly what?: string | undefined;
  readonly error?: string | undefined;
  readonly operation?: string | undefined;
  readonly policy?: string | undefined;
  /** A finding of `storeHealth()`. */
  readonly fault?: string | undefined;
  readonly eventId?: string | undefined;
  /** Not tried again. */
  readonly final?: boolean | undefined;
  readonly tries?: number | undefined;
  readonly callId?: string | undefined;
  readonly jobId?: string | undefined;
  readonly key?: string | undefined;
  readonly to?: string | undefined;
  readonly notice?: string | undefined;
}

/** An attempt's end, a breaker that opens, or a call that waits for a provider's limit. */
interface UpstreamPayload extends WhichAttempt {
  readonly target?: string | undefined;
  readonly provider?: string | undefined;
  readonly api?: string | undefined;
  readonly model?: string | undefined;
  readonly stream?: boolean | undefined;
  /** 1 for the first. */
  readonly attempt?: number | undefined;
  /** Why there was another attempt. */
  readonly reason?: string | undefined;
  /** The provider's status; 0 without an answer. */
  readonly status?: number | undefined;
  readonly outcome?: string | undefined;
  readonly sent?: boolean | undefined;
  readonly code?: string | undefined;
  readonly latencyMs?: number | undefined;
  readonly firstByteMs?: number | undefined;
  readonly receivedBytes?: number | undefined;
  readonly paced?: string | undefined;
  readonly waitedMs?: number | undefined;
  readonly breaker?: string | undefined;
  readonly openMs?: number | undefined;
  /** The provider refused the app's own key. */
  readonly credential_refused?: boolean | undefined;
  readonly refused?: boolean | undefined;
}

/** A call that the cache could answer. */
interface CachePayload extends WhichAttempt {
  readonly plan: string | undefined;
  readonly provider: string | undefined;
  readonly model: string | undefined;
  /** `hit`, `miss`, `stored`, `fault`, `wrong_envelope` or why the call is not cached. */
  readonly outcome: string;
  readonly ageMs?: number | undefined;
  /** Nano-dollars that the answer had cost. */
  readonly savedNanoUsd?: number | undefined;
  readonly bytes?: number | undefined;
  readonly operation?: 'get' | 'set' | undefined;
  readonly error?: string | undefined;
  readonly shadow?: boolean | undefined;
}

/** A request that asked `concurrency()` for a permit, or a change of the limit (`outcome: 'limit'`). */
interface ConcurrencyPayload extends Whose {
  readonly outcome: string;
  readonly name?: string | undefined;
  readonly plan?: string | undefined;
  readonly mode?: string | undefined;
  readonly batch?: boolean | undefined;
  readonly limit: number;
  readonly running: number;
  readonly waiting: number;
  readonly waitedMs?: number | undefined;
  readonly code?: string | undefined;
}

/** The payload of each channel: ids, names and numbers; no prompt, no secret. Payloads are frozen. Any release may add fields. */
export interface ChannelPayloads {
  /** Each credential that was checked. */
  'tollgate:auth': Whose & { readonly outcome: string; readonly mode: string };
  /** Each decision of `rateLimit()`. */
  'tollgate:rate-limit': Whose & {
    readonly plan: string | undefined;
    readonly outcome: string;
    readonly code: string | undefined;
    readonly mode: string;
    readonly limits: readonly {
      readonly name: string;
      readonly quota: number;
      readonly used: number;
      /** Milliseconds since 1970. */
      readonly resetsAtMs: number;
    }[];
  };
  'tollgate:concurrency': ConcurrencyPayload;
  /** Each refusal; with `shadow: true` the request continued. */
  'tollgate:refuse': Whose & {
    readonly code: string;
    readonly status: number;
    /** The most that the declared call may cost, where it was priced. */
    readonly estimateNanoUsd?: number | undefined;
    readonly shadow?: boolean | undefined;
  };
  /** A finding of a rule of `guardrails()`. */
  'tollgate:guardrail': Whose & {
    readonly rule: string;
    readonly kinds: readonly string[];
    readonly action: string;
    readonly where: 'input' | 'output';
    /** Path in the body. */
    readonly path: string;
    readonly weight: number;
  };
  'tollgate:cache': CachePayload;
  'tollgate:reserve': ReservePayload;
  'tollgate:settle': SettlePayload;
  /** A share of a limit that was reached. */
  'tollgate:threshold': {
    readonly counter: string;
    readonly window: string;
    readonly unit: string;
    readonly limit: number;
    readonly used: number;
    /** 0 < share ≤ 1. */
    readonly threshold: number;
  };
  /** An admitted request that uses the overage of a limit. Amounts are in its unit. */
  'tollgate:overage': {
    readonly tenant: string;
    /** Of the limit. */
    readonly name: string;
    readonly counter: string;
    readonly window: string;
    readonly unit: Unit;
    /** The part of the limit before its overage. */
    readonly included: number;
    /** The cap, its overage included. */
    readonly limit: number;
    readonly used: number;
    /** Milliseconds since 1970. */
    readonly resetsAtMs: number | undefined;
  };
  'tollgate:store': StorePayload;
  /** The current state of the switch: keys of the switched-off entries. */
  'tollgate:switch': {
    readonly version: string;
    readonly off: readonly string[];
    readonly byWatch: readonly string[];
    /** Read for the first time in this process. */
    readonly first: boolean;
  };
  /** The action of `watch()` on a finding. */
  'tollgate:watch': {
    readonly id: string;
    readonly atMs: number;
    readonly untilMs: number;
    readonly detector: string;
    readonly do: string;
    readonly outcome: string;
    readonly action: object;
    readonly target: object;
    readonly finding: object;
  };
  /** A notice that was sent, or given up. */
  'tollgate:alert': {
    readonly to: string;
    readonly event: string;
    readonly key: string;
    readonly kind: string;
    readonly severity: string;
    readonly outcome: string;
  };
  'tollgate:upstream': UpstreamPayload;
  /** The time that Tollgate itself took: guards up to `budget()`, then for each attempt before it is sent and after its end. */
  'tollgate:overhead': { readonly stage: 'admission' | 'call' | 'settlement'; readonly ms: number };
  /** A call whose client has left: it continues for its usage, or `refused` by the bounds. */
  'tollgate:drain': { readonly callId: string; readonly tenant: string; readonly refused: boolean };
  /** A request of `tg.fetch` that was not metered. */
  'tollgate:unmetered': {
    readonly host: string;
    readonly reason: string;
    readonly requestId: string | undefined;
  };
  /** A deferred request that was queued, started or finished. */
  'tollgate:job': Whose & {
    readonly outcome: string;
    readonly jobId: string;
    readonly plan: string;
    readonly untilMs?: number | undefined;
    readonly waitedMs?: number | undefined;
  };
  /** A decision of `router()`, with its inputs. */
  'tollgate:route': {
    readonly requestId: string | undefined;
    readonly tenant: string | undefined;
    readonly inputs: object;
    readonly decision: object;
  };
  /** A warning that is written once per process. */
  'tollgate:warning': { readonly code: string; readonly message: string };
  'tollgate:fault': FaultPayload;
}
