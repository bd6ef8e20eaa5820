/** How the app under the soak test is started, as JSON in its first argument. */
export interface SoakSettings {
  redisUrl: string;
  providerUrl: string;
  switchFile: string;
  tenants: readonly string[];
}

/** What the app tells of itself, after a garbage collection. */
export interface SoakState {
  heapBytes: number;
  /** Resources that keep the event loop busy, without the sockets of requests under way. */
  handles: number;
  /** Their kinds, for the report of a run in which they grow. */
  handleKinds: string[];
  /** Processor time since the start. */
  cpuMs: number;
  /** Usage events delivered. */
  events: number;
  inFlight: number;
}
