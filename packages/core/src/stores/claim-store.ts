/** What only one of all processes may do, or what may be done but once. Every method rejects while it is away. */
export interface ClaimStore {
  /** `true` for the first who asks for a name within `forMs`, `false` for everybody else, and where no more can be remembered. */
  claim(name: string, forMs: number): Promise<boolean>;
  /** 32 random bytes under a name, the same for every process: whoever asks first makes them. */
  secret(name: string): Promise<Uint8Array>;
}
