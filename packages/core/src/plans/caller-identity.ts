/** Who a caller is: the facts that a scope of a limit may read. */
export interface CallerIdentity {
  /** Stable id of the principal: the key's public id, or the token's subject within its tenant. */
  readonly id: string;
  /** The paying customer. Everything shared, cached or reported is partitioned by it. */
  readonly tenant: string;
  readonly team?: string | undefined;
  readonly user?: string | undefined;
  /** Name of a plan of `definePlans`. */
  readonly plan: string;
  readonly scopes: readonly string[];
  /** Public id of the API key; stays the same when the key is rotated. Absent for tokens. */
  readonly keyId?: string | undefined;
  /** Id of the child credential that the caller came with. Absent: it came with the key or token itself. */
  readonly childId?: string | undefined;
  /** Models this credential is narrowed to, beside its plan's. Absent: all that the plan allows. */
  readonly models?: readonly string[] | undefined;
  /** Labels that verified credentials carry; they win over every other source. */
  readonly labels: Readonly<Record<string, string>>;
}
