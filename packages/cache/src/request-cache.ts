import type { TollgateContext } from '@tollgate/core';
import {
  asPromise,
  type CallEnd,
  type CallStep,
  type DeclaredCall,
  isPromise,
  publish,
  type SettledCall,
  StorePausedError,
  storeTimeLeft,
  type Writing,
  warnOnce,
} from '@tollgate/core/internal';
import { cacheKey, tenantOf } from './cache-key.js';
import { isDeterministic, isSelfContained } from './cacheable.js';
import { type Envelope, opened, sealed } from './envelope.js';
import type { CacheSettings } from './options.js';
import { Recording } from './recording.js';

/** A call that was looked up, or may be kept. */
interface Known {
  readonly key: string;
  readonly tenant: string;
  /** The model as it was asked for: the ladder may make it another one, whose answer is none to this. */
  readonly model: string;
  /** How old an answer may be that is given whatever is left of the budget, in ms; 0: none. */
  readonly freshMs: number;
  /** The same at the ladder's step "cache first", and how long it is kept. */
  readonly keptMs: number;
  readonly recording: Recording;
  found?: Envelope;
}

/** Looks up and keeps the calls of one request. */
export class RequestCache {
  readonly #known = new WeakMap<DeclaredCall, Known>();

  constructor(
    private readonly settings: CacheSettings,
    private readonly context: TollgateContext,
  ) {}

  /** The step that looks up calls and stores their responses, and the step that writes the header once the budget has decided. */
  steps(): readonly CallStep[] {
    return [
      {
        name: 'cache',
        stage: 'recall',
        begin: (call) => this.lookUp(call),
        response: (call, status, headers) =>
          this.#known.get(call)?.recording.begin(status, headers['content-type']),
        chunk: (call, chunk, last) => {
          this.#known.get(call)?.recording.push(chunk, last);
          return undefined;
        },
        end: (call, end) => this.#keep(call, end),
      },
      { name: 'cache', stage: 'record', begin: (call) => this.#say(call) },
    ];
  }

  /** Writes `call.cached` and, where it is fresh, `call.replays`. A store that fails or is late is a miss. */
  lookUp(call: Writing<SettledCall>): void | Promise<void> {
    const known = this.#knownOf(call);
    // A retry: the first attempt has already looked it up.
    if (!known || call.attempt > 1 || this.#asks('no-cache', call)) return;
    const { store, storeDeadlineMs } = this.settings;
    const found = (bytes: Uint8Array | undefined): void => {
      const envelope = bytes && this.#checked(bytes, known);
      if (envelope) this.#offer(call, known, envelope);
    };
    const failed = (error: unknown): void => {
      if (!(error instanceof StorePausedError)) this.#fault('get', call, error);
    };
    const asked = store.run(
      'get',
      (kept) => kept.get(known.key),
      storeTimeLeft(this.context, storeDeadlineMs),
    );
    if (!isPromise(asked)) return found(asked);
    const startMs = performance.now();
    return asked.then(found, failed).finally(() => {
      this.context.waitedForStoresMs += performance.now() - startMs;
    });
  }

  /** `undefined` for calls that are never answered again. */
  #knownOf(call: SettledCall): Known | undefined {
    const { parsed, outgoing } = call;
    const { caller } = this.context;
    const { when, by, plans, maxAgeMs, staleMs, maxAnswerBytes } = this.settings;
    if (!parsed || !caller || call.settlement || call.tapped || this.#asks('no-store', call))
      return undefined;
    if (!isSelfContained(outgoing.body)) return undefined;
    const freshMs = when === 'always' || isDeterministic(parsed.api, outgoing.body) ? maxAgeMs : 0;
    const plan = plans && Object.hasOwn(plans, caller.plan) ? plans[caller.plan] : undefined;
    const keptMs = plan?.degrade.some((step) => step.cache) ? staleMs : freshMs;
    if (keptMs === 0) return undefined;
    const known: Known = {
      key: cacheKey(call, parsed, caller, by),
      tenant: tenantOf(caller),
      model: parsed.model,
      freshMs,
      keptMs,
      recording: new Recording(maxAnswerBytes),
    };
    this.#known.set(call, known);
    return known;
  }

  /** Whether the client, or the handler in its call, requests it in `cache-control`. */
  #asks(directive: 'no-cache' | 'no-store', { outgoing }: DeclaredCall): boolean {
    const said = [this.context.req?.headers['cache-control'], outgoing.headers['cache-control']].flat();
    return said.some((text) =>
      text
        ?.toLowerCase()
        .split(/\s*,\s*/)
        .includes(directive),
    );
  }

  /** The cached entry, if it is this tenant's response to this call. Any other entry was not written by this middleware. */
  #checked(bytes: Uint8Array, { key, tenant }: Known): Envelope | undefined {
    const envelope = opened(bytes);
    if (!envelope || (envelope.key === key && envelope.tenant === tenant)) return envelope;
    warnOnce(
      'TOLLGATE_W_CACHE_ENVELOPE',
      "cache(): the store holds an answer under another tenant's or call's key; it was not used. Another program writes to the store",
    );
    publish('tollgate:fault', () => ({ where: 'cache.envelope', error: 'an answer under a wrong key' }));
    publish('tollgate:cache', () => ({ outcome: 'wrong_envelope', ...this.#names() }));
    return undefined;
  }

  #offer(call: Writing<DeclaredCall>, known: Known, envelope: Envelope): void {
    const ageMs = Math.max(0, this.settings.now() - envelope.storedAtMs);
    if (ageMs >= known.keptMs) return;
    known.found = envelope;
    if (this.settings.mode === 'shadow') return;
    const { contentType, body } = envelope;
    call.cached = { contentType, body, ageMs };
    if (ageMs < known.freshMs) call.replays = true;
  }

  /** The budget has decided: the call gets the cached response, or is sent. */
  #say(call: DeclaredCall): void {
    const known = this.#known.get(call);
    if (!known) return;
    const { res } = this.context;
    const isShadow = this.settings.mode === 'shadow';
    const outcome = call.replays || (isShadow && known.found) ? 'hit' : 'miss';
    if (res && !res.headersSent && !isShadow) res.setHeader('x-tollgate-cache', outcome);
    publish('tollgate:cache', () => ({
      outcome,
      ...this.#names(call),
      ...(outcome === 'hit' && { ageMs: call.cached?.ageMs, savedNanoUsd: known.found?.costNanoUsd }),
      ...(isShadow && { shadow: true }),
    }));
  }

  /** Stores a complete response with reported usage to the call that was looked up. */
  #keep(call: SettledCall, { outcome, status }: CallEnd): void {
    const known = this.#known.get(call);
    const { parsed, settlement } = call;
    this.#known.delete(call);
    if (!known || !parsed || call.replays || call.stopped || !settlement) return;
    const isWhole = outcome === 'ok' && status === 200 && call.answer === 'whole';
    const isReported = settlement.usage.source === 'provider' && !settlement.uncertain;
    if (!isWhole || !isReported || call.degradedFrom !== undefined || parsed.model !== known.model) return;
    const answer = known.recording.whole(parsed);
    if (!answer) return;
    const { key, tenant, keptMs } = known;
    const { costNanoUsd } = settlement;
    const bytes = sealed({ key, tenant, ...answer, storedAtMs: this.settings.now(), costNanoUsd });
    const kept = (): void =>
      publish('tollgate:cache', () => ({ outcome: 'stored', ...this.#names(call), bytes: bytes.length }));
    const failed = (error: unknown): void => this.#fault('set', call, error);
    try {
      asPromise(this.settings.store.store.set(key, bytes, keptMs)).then(kept, failed);
    } catch (error) {
      failed(error);
    }
  }

  #fault(operation: 'get' | 'set', call: DeclaredCall, error: unknown): void {
    publish('tollgate:cache', () => ({
      outcome: 'fault',
      operation,
      error: error instanceof Error ? error.name : undefined,
      ...this.#names(call),
    }));
  }

  #names(call?: DeclaredCall) {
    const { requestId, caller } = this.context;
    return {
      requestId,
      tenant: caller?.tenant,
      keyId: caller?.keyId,
      plan: caller?.plan,
      callId: call?.id,
      provider: call?.parsed?.provider,
      model: call?.parsed?.model,
    };
  }
}
