import type { Caller } from '../plans/caller.js';
import { modelAllowed } from '../plans/define-plans.js';
import type { MitigationStore } from './mitigation-store.js';

/** The kinds of things that can be switched off. */
export const switchKinds = Object.freeze([
  'everything',
  'tenant',
  'team',
  'user',
  'key',
  'model',
  'provider',
] as const);
export type SwitchKind = (typeof switchKinds)[number];

/** One thing that is switched off. */
export interface SwitchEntry {
  readonly kind: SwitchKind;
  /**
   * Whose: a tenant, a key's public id, a model or provider by name; of a team and a user `<tenant>/<name>`; empty for everything. Exact, but
   * for models and providers without regard to case, and for models with any ending after a `*` at the end.
   */
  readonly name: string;
  /** The reason, for the audit trail and the on-call engineer; never sent to clients. */
  readonly reason: string;
  /** Who did it. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** When it ends by itself, ms since the epoch; absent: never. */
  readonly expiresAtMs?: number | undefined;
  /** Requests that run already are ended as well. */
  readonly cutsRunning: boolean;
}

/** The entries that are switched off at one moment. */
export interface SwitchState {
  /** Changes with every change; only ever compared. */
  readonly version: string;
  readonly entries: readonly SwitchEntry[];
}

/** Shares the switched-off entries between all processes. Every method rejects while it is away. */
export interface SwitchStore {
  /** The state, or nothing where its version is the one that is known. */
  read(knownVersion?: string): Promise<SwitchState | undefined>;
  /** Switches something off, in place of an earlier entry of the same kind and name. */
  turnOff(entry: SwitchEntry): Promise<void>;
  /** Switches it on again; `false` where it was not off. */
  turnOn(kind: SwitchKind, name: string): Promise<boolean>;
  /** Calls the listener when there may be a change, sooner than a reader who asks now and then would see it; returns how to stop. */
  onHint?(listener: () => void): () => void;
  /** A process reports that it applies this version, so that the process that changed the switch can wait for it. */
  confirm?(reader: string, version: string): Promise<void>;
  /** The processes that have confirmed this version. */
  confirmedBy?(version: string): Promise<readonly string[]>;
  /** The actions of `watch()` beside the switch, for operators; absent: they are known only in their process. */
  readonly mitigations?: MitigationStore | undefined;
  /** Releases the store's resources. */
  close?(): Promise<void>;
}

/** The unique key of an entry. */
export const switchKey = (kind: SwitchKind, name: string): string =>
  `${kind}:${kind === 'model' || kind === 'provider' ? name.toLowerCase() : name}`;

/** The entry's {@link switchKey} where it matches by prefix: a model with a `*` at its end. */
export const switchPattern = ({ kind, name }: SwitchEntry): string | undefined =>
  kind === 'model' && name.endsWith('*') ? switchKey(kind, name) : undefined;

/** Whether a pattern matches a key of {@link switchKey}. */
export const switchPatternCovers = (pattern: string, key: string): boolean => modelAllowed([pattern], key);

const secretForm = /tg_(?:live|test)_[0-9A-Za-z]{4,32}_[0-9A-Za-z]|tg_child_[\w-]/;

/** Whether a text contains something in the form of a whole API key or child credential: it must not be stored or shown. */
export const holdsSecret = (text: string): boolean => secretForm.test(text);

/** The names of everything of which a caller is part, as {@link switchKey} writes them. */
export function switchKeysOf({ tenant, team, user, keyId, id }: Caller): string[] {
  const keys = [switchKey('everything', ''), switchKey('tenant', tenant), switchKey('key', keyId ?? id)];
  if (team !== undefined) keys.push(switchKey('team', `${tenant}/${team}`));
  if (user !== undefined) keys.push(switchKey('user', `${tenant}/${user}`));
  return keys;
}

/** Throws a `TypeError` for an entry that could not mean anything, or holds a whole key, which it does not show. */
export function checkSwitchEntry(factory: string, entry: SwitchEntry): void {
  const { kind, name, reason, sinceMs, expiresAtMs } = entry;
  for (const [field, text] of Object.entries({ name, reason })) {
    if (typeof text === 'string' && holdsSecret(text)) {
      throw new TypeError(
        `${factory}: "${field}" must not hold a whole key, which would be stored; a key is named by its public id, the part between tg_live_ and the next _`,
      );
    }
  }
  checkStoredSwitchEntry(factory, entry);
  const wrong =
    (kind === 'key' && /^tg_(?:live|test)_/.test(name) && 'the public id of a key, without tg_live_') ||
    (kind === 'model' && name.slice(0, -1).includes('*') && 'a model, with "*" at its end only');
  if (wrong) throw new TypeError(`${factory}: "name" must be ${wrong}, received ${JSON.stringify(name)}`);
  if (expiresAtMs !== undefined && expiresAtMs <= sinceMs) {
    throw new TypeError(
      `${factory}: "expiresAtMs" must be after "sinceMs" (${sinceMs}), received ${expiresAtMs}`,
    );
  }
}

/** A store's check of an entry that it reads: an entry stored under older rules must not hide the others. Throws a `TypeError`. */
export function checkStoredSwitchEntry(factory: string, entry: SwitchEntry): void {
  const { kind, name, reason, expiresAtMs } = entry;
  if (!switchKinds.includes(kind)) {
    throw new TypeError(
      `${factory}: "kind" must be one of ${switchKinds.join(', ')}, received ${JSON.stringify(kind)}`,
    );
  }
  const named = typeof name === 'string' && name.length <= 512 && (kind === 'everything') === (name === '');
  const parts = kind !== 'team' && kind !== 'user' ? true : /^[^/]+\/./.test(name);
  if (!named || !parts) {
    const expected =
      kind === 'everything'
        ? 'empty'
        : kind === 'team' || kind === 'user'
          ? `<tenant>/<${kind}>`
          : `a ${kind}`;
    throw new TypeError(
      `${factory}: "name" must be ${expected} for kind ${kind}, received ${JSON.stringify(name)}`,
    );
  }
  if (typeof reason !== 'string' || reason === '' || reason.length > 1_000) {
    throw new TypeError(`${factory}: "reason" must be a text of 1 to 1000 characters`);
  }
  if (expiresAtMs !== undefined && !Number.isSafeInteger(expiresAtMs)) {
    throw new TypeError(
      `${factory}: "expiresAtMs" must be milliseconds since the epoch, received ${String(expiresAtMs)}`,
    );
  }
}
