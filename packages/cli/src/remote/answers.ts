import type { SwitchEntry } from '@tollgate/core/internal';

/** Answers of the admin API, as far as the command reads them. Its OpenAPI document describes them. */

/** ISO 8601. */
type Moment = string;
/** Dollars with up to nine decimals. */
type Dollars = string;

export interface Data<Item> {
  readonly data: readonly Item[];
}

export interface KeyAnswer {
  readonly key_id: string;
  readonly name: string | null;
  readonly tenant: string;
  readonly team: string | null;
  readonly user: string | null;
  readonly plan: string;
  readonly scopes: readonly string[];
  readonly models: readonly string[] | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly created_at: Moment;
  readonly expires_at: Moment | null;
  readonly disabled_at: Moment | null;
  readonly revoked_at: Moment | null;
  readonly overlap_ends_at: Moment | null;
}

export interface IssuedAnswer {
  readonly key: KeyAnswer;
  readonly secret: string;
}

export interface TenantAnswer {
  readonly tenant: string;
  readonly name: string | null;
  readonly teams: readonly string[];
  readonly keys: number;
  readonly created_at: Moment;
  readonly disabled_at: Moment | null;
}

export interface AuditAnswer {
  readonly id: string;
  readonly at: Moment;
  readonly actor: string;
  readonly action: string;
  readonly tenant: string | null;
  readonly subject: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

type By = Readonly<Record<string, string | null>>;

export interface UsageAnswer {
  readonly by: By;
  readonly calls: number;
  readonly attempts: number;
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly cache_write_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
  readonly cost_usd: Dollars;
  readonly unconfirmed_usd: Dollars;
}

export interface MoverAnswer {
  readonly by: By;
  readonly cost_usd: Dollars;
  readonly previous_usd: Dollars;
  readonly change_usd: Dollars;
}

export interface BillAnswer {
  readonly tenant: string;
  readonly plan: string;
  readonly cost_usd: Dollars;
  readonly usage_price_usd: Dollars;
  readonly included_usd: Dollars;
  readonly overage_usd: Dollars;
  readonly fee_usd: Dollars;
  readonly billed_usd: Dollars;
  readonly margin_usd: Dollars;
}

export interface CapAnswer {
  readonly tenant: string;
  readonly team: string | null;
  readonly user: string | null;
  readonly key: string | null;
  readonly limit: string;
  readonly unit: string;
  readonly window: string;
  readonly cap: Dollars | number;
  readonly used: Dollars | number;
  readonly share: number;
  readonly starts_at: Moment;
  readonly resets_at: Moment;
}

export interface UnresolvedAnswer {
  readonly event_id: string;
  readonly request_id: string;
  readonly tenant: string;
  readonly provider: string;
  readonly model: string;
  readonly admitted_at: Moment;
  readonly estimate_usd: Dollars;
  readonly unresolved_usd: Dollars;
}

export interface SwitchAnswer extends Pick<SwitchEntry, 'kind' | 'name' | 'reason' | 'by'> {
  readonly since: Moment;
  readonly until: Moment | null;
  readonly cuts_running: boolean;
}

export interface IncidentAnswer {
  readonly id: string;
  readonly at: Moment;
  readonly until: Moment;
  readonly action: string;
  readonly outcome: string;
  readonly target: string;
  readonly tenant: string | null;
  readonly reason: string;
  readonly process: string;
  readonly decided: 'confirm' | 'undo' | null;
  readonly decided_by: string | null;
}
