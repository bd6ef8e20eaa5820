/** Inputs and outputs of a command beside the database. */
export interface CommandLine {
  /** `DATABASE_URL`, `TOLLGATE_DIR` and `TOLLGATE_SCHEMA` are read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Who is at the terminal, for the audit trail. */
  readonly user: string;
  /** The clock, ms since the epoch. */
  readonly now: () => number;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** The version that `--version` prints. @defaultValue 'unknown' */
  readonly version?: string;
  /** How long a change waits for the confirmation of a running process, in ms. @defaultValue 4_000 */
  readonly confirmMs?: number;
  /** For providers' APIs. @defaultValue the global `fetch` */
  readonly fetch?: typeof globalThis.fetch;
}

/** Processes hear of changes at once, or look twice a second. */
export const confirmMsOf = ({ confirmMs = 4_000 }: CommandLine): number => confirmMs;
