/** One secret of a key: only its SHA-256 is kept. */
export interface KeySecret {
  /** Lower-case hex SHA-256 of the secret part. */
  readonly sha256: string;
  /** Ms since the epoch from which it is refused; rotation sets it on the outgoing secret. Absent: for ever. */
  readonly expiresAtMs?: number | undefined;
}

/** An API key as a store keeps it. */
export interface ApiKeyRecord {
  /** The public part of the key, used for look-ups, logs and counters. Survives rotation. */
  readonly keyId: string;
  /** Valid secrets, newest first; two while a rotation overlaps. */
  readonly secrets: readonly KeySecret[];
  readonly tenant: string;
  readonly team?: string | undefined;
  readonly user?: string | undefined;
  readonly plan: string;
  readonly scopes: readonly string[];
  readonly models?: readonly string[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Ms since the epoch. Absent: never. */
  readonly expiresAtMs?: number | undefined;
  /** Ms since the epoch. Absent: not revoked. */
  readonly revokedAtMs?: number | undefined;
}

/** The store in which `auth` looks keys up. Rejects when it fails; an unknown key is `undefined`. */
export interface KeyStore {
  find(keyId: string): Promise<ApiKeyRecord | undefined>;
  /** The plans of the keys that it holds in memory and that are not revoked; `authenticate()` compares them with its own at start. */
  plans?(): readonly string[];
}
