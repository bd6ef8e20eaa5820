import { accepts, checkOptions, type OptionCheck } from '@tollgate/core/internal';

/** Where events wait on this machine's disk until the database has them. */
export interface SpoolOptions {
  /** A folder for all processes of this machine; each has its own part, and takes over those of processes that have died. */
  directory: string;
  /** The most bytes on the disk, 1 000 000 to 1e12; from nine tenths on the spool is full. @defaultValue 1e9 (1 GB) */
  maxBytes?: number;
  /** Whether each batch is forced to the disk (`fsync`) before it counts as safe. @defaultValue true */
  sync?: boolean;
}

/** Whether an option is a spool's folder, or {@link SpoolOptions}. */
export const acceptsSpool: OptionCheck = (value) => {
  if (typeof value === 'string') return accepts.string(value);
  if (accepts.object(value) !== true) return 'a folder, or an object such as { directory, maxBytes }';
  try {
    checkOptions<SpoolOptions>(
      'spool',
      Object(value),
      {
        directory: accepts.string,
        maxBytes: accepts.integerBetween(1_000_000, 1e12),
        sync: accepts.boolean,
      },
      ['directory'],
    );
    return true;
  } catch (error) {
    return `an object of spool options (${error instanceof Error ? error.message : ''})`;
  }
};

export function readSpool(spool: string | SpoolOptions): Required<SpoolOptions> {
  const { directory, maxBytes = 1e9, sync = true } = typeof spool === 'string' ? { directory: spool } : spool;
  return { directory, maxBytes, sync };
}
