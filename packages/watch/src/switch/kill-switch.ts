import {
  contextOf,
  guarded,
  refuse,
  refuseOrShadow,
  type SwitchStore,
  type TollgateContext,
  TollgateError,
} from '@tollgate/core';
import {
  accepts,
  type CallStep,
  checkOptions,
  type DeclaredCall,
  type GuardOptions,
  guardChecks,
  IndexedList,
  type SwitchEntry,
  switchKey,
  switchKeysOf,
} from '@tollgate/core/internal';
import type { RequestHandler } from 'express';
import { SwitchBoard } from './switch-board.js';

/** Options of {@link killSwitch}. */
export interface KillSwitchOptions extends GuardOptions {
  /** The store shared by all processes: `memorySwitch()`, `fileSwitch(path)`, `redisSwitch({ client })`. */
  store: SwitchStore;
  /** Interval between reads of the store, in ms, 20 to 60 000; a store's hints arrive sooner. @defaultValue 500, or 1_000 for a store that sends hints */
  pollMs?: number;
  /** How long an answer may take, and how long the first requests wait for the first one, in ms, 5 to 60 000. @defaultValue 150 */
  storeDeadlineMs?: number;
  /**
   * Requests before the store's first response: `open` lets them pass, `closed` refuses them with 503. After that, the last known state
   * applies while the store is away. @defaultValue 'open'
   */
  whenUnknown?: 'open' | 'closed';
  /** Clock for entries that expire, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** `killSwitch()`, and how calls without an HTTP request obey it. */
export interface KillSwitch extends RequestHandler {
  /** Holds the calls of a context of `runWith()` to the switch. */
  attach(context: TollgateContext): void;
  /** Reads the store now; resolves when its state is in effect here. */
  refresh(): Promise<void>;
  /** Stops asking. */
  end(): void;
}

/**
 * Refuses switched-off subjects (403 `switched_off`): everything, a tenant, team, user or key before their request is priced; a model or
 * provider at each call. Entries that cut running requests end them, streams with an error event in the provider's format. Mounted after
 * `authenticate()`; reads `caller`. Throws a `TypeError` for a wrong or unknown option.
 */
export function killSwitch(options: KillSwitchOptions): KillSwitch {
  checkOptions<KillSwitchOptions>(
    'killSwitch',
    options,
    {
      ...guardChecks,
      store: accepts.methods('read', 'turnOff', 'turnOn'),
      pollMs: accepts.integerBetween(20, 60_000),
      storeDeadlineMs: accepts.integerBetween(5, 60_000),
      whenUnknown: accepts.oneOf('open', 'closed'),
      now: accepts.function,
    },
    ['store'],
  );
  const { store, storeDeadlineMs = 150, whenUnknown = 'open', now = Date.now, mode } = options;
  const { pollMs = store.onHint ? 1_000 : 500 } = options;
  const running = new IndexedList<TollgateContext>();
  const board = new SwitchBoard({
    store,
    pollMs,
    deadlineMs: storeDeadlineMs,
    now,
    changed: (entries) => {
      if (mode !== 'shadow') cut(running.members(), entries, board);
    },
  });

  const refusalOf = ({ caller }: TollgateContext): TollgateError | undefined => {
    if (!board.isKnown && whenUnknown === 'closed') return unknown();
    if (board.isEmpty) return undefined;
    const entry = board.find(caller ? switchKeysOf(caller) : [switchKey('everything', '')]);
    return entry && switchedOff(entry);
  };
  const stepOf = (context: TollgateContext): CallStep => {
    const place = running.add(context);
    return {
      name: 'switch',
      stage: 'switch',
      begin: (call) => {
        const entry = board.isEmpty ? undefined : board.find(keysOf(call));
        const error = refusalOf(context) ?? (entry && switchedOff(entry));
        if (error) refuseOrShadow(context, error, mode);
      },
      finish: () => running.remove(place),
    };
  };

  const middleware = guarded('killSwitchMiddleware', async (req, res, next) => {
    if (mode === 'off') return next();
    const context = contextOf(req, res);
    if (!board.isKnown) await board.refresh();
    const error = refusalOf(context);
    if (!context.calls.finished) context.calls.use(stepOf(context));
    if (error) refuse(req, res, next, error, options);
    else next();
  });
  return Object.assign(middleware, {
    attach: (context: TollgateContext): void => {
      if (mode !== 'off') context.calls.use(stepOf(context));
    },
    refresh: () => board.refresh(),
    end: () => board.end(),
  });
}

/** Ends running requests that are switched off now, where the entry cuts them. */
function cut(running: readonly TollgateContext[], entries: readonly SwitchEntry[], board: SwitchBoard): void {
  if (!entries.some(({ cutsRunning }) => cutsRunning)) return;
  for (const context of running) {
    const keys = context.caller ? switchKeysOf(context.caller) : [switchKey('everything', '')];
    const entry = board.findCutting(keys);
    if (entry) {
      context.abort(switchedOff(entry));
      continue;
    }
    for (const call of context.calls.running) {
      const hit = board.findCutting(keysOf(call));
      if (hit) call.stop(switchedOff(hit));
    }
  }
}

function keysOf({ parsed, outgoing }: DeclaredCall): string[] {
  const provider = parsed?.provider ?? outgoing.provider;
  const keys = provider === undefined ? [] : [switchKey('provider', provider)];
  for (const model of new Set([parsed?.model, parsed?.requestedModel])) {
    if (model !== undefined) keys.push(switchKey('model', model));
  }
  return keys;
}

const whatIsOff: Readonly<Record<SwitchEntry['kind'], string>> = {
  everything: 'This service is',
  tenant: 'This account is',
  team: 'This team is',
  user: 'This user is',
  key: 'This key is',
  model: 'This model is',
  provider: 'The provider of this model is',
};

function switchedOff({ kind }: SwitchEntry): TollgateError {
  return new TollgateError({
    status: 403,
    code: 'switched_off',
    message: `${whatIsOff[kind]} switched off. Contact the operator of this service.`,
    retryAfterMs: false,
  });
}

function unknown(): TollgateError {
  return new TollgateError({
    status: 503,
    code: 'store_unavailable',
    message: 'Whether this service is switched off is not known yet.',
    retryAfterMs: 1_000,
  });
}
