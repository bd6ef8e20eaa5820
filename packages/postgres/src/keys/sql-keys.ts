import type { KeyStore } from '@tollgate/core';
import {
  type ApiKeyRecord,
  accepts,
  checkOptions,
  createKey,
  type IssuedKey,
  keyFactsChecks,
  type NewKey,
  rotatedSecrets,
} from '@tollgate/core/internal';
import type { Selectable, Transaction, Updateable } from 'kysely';
import type { ApiKeysTable } from '../tables/keys-tables.js';
import type { Tables } from '../tables/tables.js';
import type { Changes } from './changes.js';
import { LookUps } from './look-ups.js';
import { canBeStored, checkIds, checkTexts, containing } from './names.js';
import { ensureTenant, type Writer } from './writer.js';

/** A listed key: its facts and status, no secret and no hash. */
export interface ListedKey extends Omit<ApiKeyRecord, 'secrets'> {
  readonly name: string | undefined;
  readonly createdAtMs: number;
  readonly disabledAtMs: number | undefined;
  /** Ms since the epoch until which the secret before the last rotation is accepted. */
  readonly overlapEndsAtMs: number | undefined;
}

/** Which keys are listed. */
interface KeyFilter {
  /** Of one tenant only. */
  readonly tenant?: string | undefined;
  /** One key only. */
  readonly keyId?: string | undefined;
  /** Those whose id, name, tenant, team or user contains this text, without regard to case. */
  readonly search?: string | undefined;
  /** Those made later than the key of this id, for the next page. */
  readonly after?: string | undefined;
  /** At most, 1 to 1 000 000. @defaultValue 1_000 */
  readonly limit?: number | undefined;
}

/** API keys in SQL. Every method rejects where the database is away; those that change a key reject where there is none of that id. */
export interface SqlKeys extends KeyStore {
  /**
   * Calls the listener with every key that is changed in this process, and in others as far as the database notifies; returns a function
   * that stops it.
   */
  onChange(listener: (keyId: string) => void): () => void;
  /** Makes a key; its tenant and team too, where they are new. */
  create(facts: NewKey & { name?: string | undefined }): Promise<IssuedKey>;
  /** Keys in the order of their making. */
  list(filter?: KeyFilter): Promise<ListedKey[]>;
  /**
   * Gives a key a new secret; its id stays. The one before it is accepted for `overlapMs` longer, 0 or more. `once`: rejects with a `RangeError`
   * while the secret before the last rotation is still accepted, which a second one would end.
   */
  rotate(
    keyId: string,
    options: { overlapMs: number; live?: boolean | undefined; once?: boolean | undefined },
  ): Promise<IssuedKey>;
  /** Refuses the key from now on, for good. */
  revoke(keyId: string): Promise<void>;
  /** Refuses the key until it is enabled again. */
  disable(keyId: string): Promise<void>;
  /** Accepts a disabled key again. Rejects for a revoked one. */
  enable(keyId: string): Promise<void>;
  /** Refuses the key from a time on, ms since the epoch. */
  expire(keyId: string, atMs: number): Promise<void>;
}

type KeyRow = Selectable<ApiKeysTable>;

/** Makes the key store of a registry. */
export function sqlKeys(writer: Writer, changes: Changes): SqlKeys {
  const { now } = writer;
  const lookUps = new LookUps(async (keyIds) => {
    const rows = await writer.database.query
      .selectFrom('api_keys')
      .innerJoin('tenants', 'tenants.tenant', 'api_keys.tenant')
      .selectAll('api_keys')
      .select('tenants.disabled_at as tenant_disabled_at')
      .where('key_id', 'in', keyIds)
      .execute();
    return rows.map((row) => recordOf(row, [row.revoked_at, row.disabled_at, row.tenant_disabled_at]));
  });
  const change = (
    keyId: string,
    action: string,
    update: (row: KeyRow) => Updateable<ApiKeysTable>,
    facts: Readonly<Record<string, unknown>> = {},
  ): Promise<void> =>
    writer.change(async (transaction) => {
      const row = await rowFor(transaction, keyId, action);
      await transaction.updateTable('api_keys').set(update(row)).where('key_id', '=', keyId).execute();
      const { tenant } = row;
      return {
        result: undefined,
        change: { action: `key.${action}`, tenant, subject: keyId, facts },
        tell: ['k', keyId],
      };
    });

  return {
    onChange: (listener) => changes.on('k', listener),
    async find(keyId) {
      if (!isKeyId(keyId)) return undefined;
      // Creating the tables may take longer than a query may.
      await writer.database.ready();
      return lookUps.find(keyId);
    },
    async create(facts) {
      const { name, live, ...rest } = facts ?? {};
      checkKey({ ...rest, live }, name);
      const { tenant, team, user, plan, scopes = [], models, labels = {}, expiresAtMs } = rest;
      const { key, keyId, sha256 } = createKey({ live });
      return writer.change(async (transaction) => {
        const nowMs = now();
        await ensureTenant(transaction, { tenant, team }, nowMs);
        await transaction
          .insertInto('api_keys')
          .values({
            ...{ key_id: keyId, name: name ?? null, tenant, team: team ?? null, user_id: user ?? null, plan },
            scopes: JSON.stringify(scopes),
            models: models ? JSON.stringify(models) : null,
            labels: JSON.stringify(labels),
            secrets: JSON.stringify([{ sha256 }]),
            created_at: new Date(nowMs),
            expires_at: expiresAtMs === undefined ? null : new Date(expiresAtMs),
          })
          .execute();
        const said = { name, team, user, plan, scopes, models, labels, expiresAtMs };
        return {
          result: { key, keyId },
          change: { action: 'key.create', tenant, subject: keyId, facts: said },
        };
      });
    },
    async list({ tenant, keyId, search, after, limit = 1_000 } = {}) {
      if ([tenant, keyId, search, after].some((text) => text !== undefined && !canBeStored(text))) return [];
      const query = await writer.query();
      let select = query
        .selectFrom('api_keys')
        .selectAll()
        .orderBy('created_at')
        .orderBy('key_id')
        .limit(limit);
      if (tenant !== undefined) select = select.where('tenant', '=', tenant);
      if (keyId !== undefined) select = select.where('key_id', '=', keyId);
      if (search !== undefined) {
        const pattern = containing(search);
        const columns = ['key_id', 'name', 'tenant', 'team', 'user_id'] as const;
        select = select.where((where) => where.or(columns.map((column) => where(column, 'ilike', pattern))));
      }
      if (after !== undefined) {
        select = select.where(({ eb, refTuple, selectFrom }) =>
          eb(
            refTuple('created_at', 'key_id'),
            '>',
            selectFrom('api_keys as last')
              .select(['last.created_at', 'last.key_id'])
              .where('last.key_id', '=', after)
              .$asTuple('created_at', 'key_id'),
          ),
        );
      }
      return (await select.execute()).map(listed);
    },
    async rotate(keyId, { overlapMs, live, once = false }) {
      if (accepts.wholeNumber(overlapMs) !== true) {
        throw new TypeError('keys: rotate: "overlapMs" must be an integer of 0 or more');
      }
      const { key, sha256 } = createKey({ live, keyId: isKeyId(keyId) ? keyId : '0000' });
      const rotated = (row: KeyRow): Updateable<ApiKeysTable> => {
        if (row.revoked_at) throw new Error(`keys: rotate: the key ${keyId} is revoked`);
        if (once && (row.secrets[1]?.expiresAtMs ?? 0) > now()) {
          throw new RangeError(`keys: rotate: the secret before is still accepted of ${keyId}`);
        }
        return { secrets: JSON.stringify(rotatedSecrets(row.secrets, sha256, now() + overlapMs)) };
      };
      await change(keyId, 'rotate', rotated, { overlapMs });
      return { key, keyId };
    },
    revoke: (keyId) => change(keyId, 'revoke', (row) => ({ revoked_at: row.revoked_at ?? new Date(now()) })),
    disable: (keyId) =>
      change(keyId, 'disable', (row) => ({ disabled_at: row.disabled_at ?? new Date(now()) })),
    enable: (keyId) =>
      change(keyId, 'enable', (row) => {
        if (row.revoked_at)
          throw new Error('keys: enable: the key is revoked, which is for good; create a new one');
        return { disabled_at: null };
      }),
    expire: async (keyId, atMs) => {
      if (accepts.wholeNumber(atMs) !== true) {
        throw new TypeError('keys: expire: the time must be in ms since the epoch');
      }
      await change(keyId, 'expire', () => ({ expires_at: new Date(atMs) }), { expiresAtMs: atMs });
    },
  };
}

async function rowFor(transaction: Transaction<Tables>, keyId: string, action: string): Promise<KeyRow> {
  const found = isKeyId(keyId)
    ? await transaction
        .selectFrom('api_keys')
        .selectAll()
        .where('key_id', '=', keyId)
        .forUpdate()
        .executeTakeFirst()
    : undefined;
  if (!found) throw new Error(`keys: ${action}: there is no such key`);
  return found;
}

function isKeyId(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9A-Za-z]{4,32}$/.test(text);
}

function checkKey(facts: NewKey, name: string | undefined): void {
  const where = 'keys: create';
  checkOptions<NewKey>(where, facts, { ...keyFactsChecks, live: accepts.boolean }, ['tenant', 'plan']);
  const { tenant, team, user, plan, labels = {}, models = [] } = facts;
  checkIds(where, { tenant, team, user, plan });
  checkTexts(where, { name, ...Object.fromEntries(models.map((model) => ['models', model])) });
  for (const [label, text] of Object.entries(labels)) {
    checkIds(where, { labels: label });
    checkTexts(where, { [`labels.${label}`]: text });
  }
}

/** `ended`: from when on it is refused, each for its own reason. */
function recordOf(row: KeyRow, ended: readonly (Date | null)[]): ApiKeyRecord {
  const { secrets, labels } = row;
  const revokedAtMs = Math.min(...ended.map((at) => at?.getTime() ?? Infinity));
  return {
    keyId: row.key_id,
    secrets,
    tenant: row.tenant,
    team: row.team ?? undefined,
    user: row.user_id ?? undefined,
    plan: row.plan,
    scopes: row.scopes,
    models: row.models ?? undefined,
    labels,
    expiresAtMs: row.expires_at?.getTime(),
    revokedAtMs: Number.isFinite(revokedAtMs) ? revokedAtMs : undefined,
  };
}

function listed(row: KeyRow): ListedKey {
  const { secrets, ...record } = recordOf(row, [row.revoked_at]);
  return {
    ...record,
    name: row.name ?? undefined,
    createdAtMs: row.created_at.getTime(),
    disabledAtMs: row.disabled_at?.getTime(),
    overlapEndsAtMs: secrets[1]?.expiresAtMs,
  };
}
