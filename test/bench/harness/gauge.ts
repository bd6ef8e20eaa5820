/** Figures of a service that only grow, such as its CPU time. Reports show what each request has added. */
export interface Gauge {
  readonly names: readonly string[];
  read(): Promise<readonly number[]>;
  close(): Promise<void>;
}
