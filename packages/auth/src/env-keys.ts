import type { KeyStore } from '@tollgate/core';
import {
  type ApiKeyRecord,
  accepts,
  checkOptions,
  type KeyFacts,
  keyFactsChecks,
  type OptionCheck,
  parseKey,
  sha256Hex,
} from '@tollgate/core/internal';

/** Options of {@link envKeys}. */
export interface EnvKeysOptions {
  /** Where the variable is read. @defaultValue process.env */
  env?: Readonly<Record<string, string | undefined>>;
  /** Name of the variable. @defaultValue 'TOLLGATE_KEYS' */
  variable?: string;
}

/** An entry of the variable, before it is a record. */
interface Entry {
  key?: unknown;
  facts: Record<string, unknown>;
}

/**
 * A key store read once from an environment variable. Either a JSON array of objects, or lines (or parts between `;`), each
 * `<key> tenant=acme plan=pro scopes=chat,summarize`. `<key>` is the whole key, or `<key id>:<hex SHA-256 of its secret>`.
 * Throws at start where something is wrong, naming the entry by its number and never showing a key.
 */
export function envKeys(options: EnvKeysOptions = {}): KeyStore {
  checkOptions('envKeys', options, { env: accepts.object, variable: accepts.string });
  const variable = options.variable ?? 'TOLLGATE_KEYS';
  const text = (options.env ?? process.env)[variable]?.trim();
  if (!text) throw new TypeError(`envKeys: the environment variable ${variable} is not set`);
  const entries = text.startsWith('[') ? jsonEntries(variable, text) : lineEntries(variable, text);
  const byId = new Map<string, ApiKeyRecord>();
  for (const [index, entry] of entries.entries()) {
    const record = recordOf(`envKeys: ${variable}, entry ${index + 1}`, entry);
    if (byId.has(record.keyId))
      throw new TypeError(`envKeys: ${variable}, entry ${index + 1}: the key id is given twice`);
    byId.set(record.keyId, record);
  }
  if (byId.size === 0) throw new TypeError(`envKeys: ${variable} holds no key`);
  return {
    find: async (keyId) => byId.get(keyId),
    plans: () => [...byId.values()].map(({ plan }) => plan),
  };
}

function jsonEntries(variable: string, text: string): Entry[] {
  const parsed = jsonOrNothing(text);
  // The parser's own message quotes the text, keys and all.
  if (!Array.isArray(parsed))
    throw new TypeError(`envKeys: ${variable} begins with [ but is not a JSON array`);
  return parsed.map((item: unknown, index) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      throw new TypeError(`envKeys: ${variable}, entry ${index + 1} must be an object`);
    }
    const { key, ...facts } = item as Record<string, unknown>;
    return { key, facts };
  });
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const lists = new Set(['scopes', 'models']);

function lineEntries(variable: string, text: string): Entry[] {
  const lines = text.split(/[\n;]/).map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line, index) => {
      const [key = '', ...pairs] = line.split(/\s+/);
      const facts: Record<string, unknown> = {};
      for (const pair of pairs) {
        const [, name, value] = /^([A-Za-z]+)=(.+)$/.exec(pair) ?? [];
        if (name === undefined || value === undefined) {
          throw new TypeError(
            `envKeys: ${variable}, entry ${index + 1}: after the key come name=value pairs`,
          );
        }
        if (Object.hasOwn(facts, name)) {
          throw new TypeError(`envKeys: ${variable}, entry ${index + 1}: "${name}" is given twice`);
        }
        facts[name] = lists.has(name) ? value.split(',') : value;
      }
      return { key, facts };
    });
}

const { expiresAtMs: _, ...sharedChecks } = keyFactsChecks;
const entryChecks: Readonly<Record<string, OptionCheck>> = {
  ...sharedChecks,
  /** Unlike a number of milliseconds, a date can be read by who edits the variable. */
  expiresAt: (value) =>
    (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value) && !Number.isNaN(Date.parse(value))) ||
    'a date such as 2027-01-31 or 2027-01-31T12:00:00Z',
};

type EntryFacts = Omit<KeyFacts, 'expiresAtMs' | 'scopes'> & {
  scopes?: readonly string[];
  expiresAt?: string;
};

function recordOf(where: string, { key, facts }: Entry): ApiKeyRecord {
  const { keyId, sha256 } = identityOf(where, key);
  if (!isEntry(where, facts)) throw new TypeError(`${where}: "tenant" and "plan" are required`);
  const { expiresAt, scopes = [], ...rest } = facts;
  const expiresAtMs = expiresAt === undefined ? undefined : Date.parse(expiresAt);
  return Object.freeze({ ...rest, scopes, keyId, secrets: [{ sha256 }], expiresAtMs });
}

/** Unlike the checks of options, does not show the received value: by mistake it may be a key. */
function isEntry(where: string, facts: object): facts is EntryFacts {
  for (const [name, value] of Object.entries(facts)) {
    const check = Object.hasOwn(entryChecks, name) ? entryChecks[name] : undefined;
    if (!check) {
      throw new TypeError(`${where}: unknown field; known are key, ${Object.keys(entryChecks).join(', ')}`);
    }
    const verdict = check(value);
    if (verdict !== true) {
      throw new TypeError(`${where}: "${name}" must be ${verdict.replace(/ \(item \d.*$/s, '')}`);
    }
  }
  return 'tenant' in facts && 'plan' in facts;
}

function identityOf(where: string, key: unknown): { keyId: string; sha256: string } {
  const parsed = typeof key === 'string' ? parseKey(key) : undefined;
  if (parsed) return { keyId: parsed.keyId, sha256: sha256Hex(parsed.secret) };
  const hashed = typeof key === 'string' ? /^([0-9A-Za-z]{4,32}):([0-9a-f]{64})$/i.exec(key) : null;
  if (hashed) return { keyId: hashed[1] as string, sha256: (hashed[2] as string).toLowerCase() };
  throw new TypeError(
    `${where}: the key must be a whole key (tg_live_...) or <key id>:<hex SHA-256 of its secret>`,
  );
}
