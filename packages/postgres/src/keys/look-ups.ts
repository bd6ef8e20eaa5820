import { type ApiKeyRecord, withinDeadline } from '@tollgate/core/internal';

/** Most keys that are asked for at once. */
const mostTogether = 500;

/** A connection that hangs must not keep all others waiting. In milliseconds. */
const deadlineMs = 5_000;

const late = (): Error => new Error(`the database did not answer within ${deadlineMs} ms`);

type Found = ApiKeyRecord | undefined;

interface Waiting {
  readonly keyId: string;
  readonly resolve: (found: Found) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Looks keys up, one query at a time: look-ups during a query wait, and go together in the next one. Even with any number of invented keys,
 * they take one connection of the database. A query that is not answered within 5 s fails.
 */
export class LookUps {
  #waiting: Waiting[] = [];
  #asking = false;

  /** `query`: the records of these keys, those that there are. */
  constructor(private readonly query: (keyIds: readonly string[]) => Promise<ApiKeyRecord[]>) {}

  /** Rejects where its query does. */
  find(keyId: string): Promise<Found> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ keyId, resolve, reject });
      if (!this.#asking) void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    while (this.#waiting.length > 0) {
      const together = this.#waiting.splice(0, mostTogether);
      try {
        const asked = this.query([...new Set(together.map(({ keyId }) => keyId))]);
        const found = await withinDeadline(deadlineMs, asked, late);
        const byId = new Map(found.map((record) => [record.keyId, record]));
        for (const { keyId, resolve } of together) resolve(byId.get(keyId));
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.#asking = false;
  }
}
