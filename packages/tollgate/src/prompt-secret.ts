import { randomBytes } from 'node:crypto';
import type { Stores } from './stores.js';
import type { TollgateOptions } from './tollgate-options.js';

/** The secret of prompt hashes where an app watches and gives none: one of this process, until that of all processes is known. */
export class PromptSecret {
  #secret = randomBytes(32).toString('base64url');

  constructor(private readonly claims: Stores['claims']) {}

  readonly now = (): string => this.#secret;

  /** Asks for the secret that all processes share; where they share no store, the own one stays. Rejects where the store is away. */
  async shared(): Promise<void> {
    const shared = await this.claims?.secret('prompts');
    if (shared) this.#secret = Buffer.from(shared).toString('base64url');
  }
}

/** Absent: the app gives its own secret, or watches nothing. */
export function promptSecretOf(
  { watch, mode, meter }: TollgateOptions,
  { claims }: Stores,
): PromptSecret | undefined {
  const isNeeded = watch !== undefined && mode !== 'off' && meter?.promptHashSecret === undefined;
  return isNeeded ? new PromptSecret(claims) : undefined;
}
