/** Cluster-wide claims: leader election and once-only tasks. Every method rejects while the store is away. */
export interface ClaimStore {
  /** `true` for the first claim of a name within `forMs`, `false` for all others, and where no more names can be stored. */
  claim(name: string, forMs: number): Promise<boolean>;
  /** 32 random bytes under a name, the same for every process: the first call creates them. */
  secret(name: string): Promise<Uint8Array>;
}
