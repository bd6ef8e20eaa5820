/** Where `watch()` keeps the habits that it has learned, so that a restart loses none: by subject, as JSON. */
export interface LearnedStore {
  /** Everything that was saved, in portions. */
  load(): AsyncIterable<readonly (readonly [subject: string, record: string])[]>;
  /** Writes a portion; `isLast`: all subjects that have changed since the last time are written now. */
  save(portion: readonly (readonly [subject: string, record: string])[], isLast: boolean): Promise<void>;
  /** Removes subjects that were not seen for weeks. Absent: what is not written again is gone anyway. */
  forget?(subjects: readonly string[]): Promise<void>;
  /** `true`: every subject is written each time, since the store keeps nothing of the time before. @defaultValue false */
  readonly wantsAll?: boolean;
}
