/** A refusal of the API, in its words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly requestId: string | undefined,
  ) {
    super(message);
  }
}

interface ErrorBody {
  readonly error?: { readonly message?: string };
  readonly request_id?: string;
}

async function answered(response: Response): Promise<unknown> {
  if (response.ok) return response.status === 204 ? undefined : response.json();
  const body: ErrorBody = await response.json().catch(() => ({}));
  throw new ApiError(response.status, body.error?.message ?? response.statusText, body.request_id);
}

/** Reads from the admin API. Rejects with an {@link ApiError} for a refusal. */
export async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return (await answered(await fetch(`api${path}`, { ...(signal && { signal }) }))) as Answer;
}

/** Changes something through the admin API. `pending`: it is stored, and no process has confirmed it yet. */
export async function change<Answer>(
  path: string,
  body: object = {},
): Promise<Answer & { pending: boolean }> {
  const response = await fetch(`api${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { ...((await answered(response)) as Answer), pending: response.status === 202 };
}

/** Begins a session with a key; ends it without one. The key is not kept. */
export async function login(key?: string): Promise<void> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (key !== undefined) headers.authorization = `Bearer ${key}`;
  await answered(
    await fetch(key === undefined ? 'logout' : 'session', { method: 'POST', headers, body: '{}' }),
  );
}

/** Reads with a caller's own key, which stays in the memory of this page. */
export async function readAs<Answer>(key: string, path: string): Promise<Answer> {
  return (await answered(await fetch(path, { headers: { authorization: `Bearer ${key}` } }))) as Answer;
}

/** A query of the given values; empty ones are left out. */
export function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

export interface Me {
  readonly name: string;
  readonly role: 'viewer' | 'finance' | 'operator';
  readonly tenant: string | null;
  readonly has: {
    readonly ledger: boolean;
    readonly registry: boolean;
    readonly switch: boolean;
    readonly jobs: boolean;
  };
}

export interface Page<Item> {
  readonly data: readonly Item[];
  readonly next: string | null;
}

export interface UsageRow {
  readonly by: Readonly<Record<string, string | null>>;
  readonly calls: number;
  readonly attempts: number;
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: string;
  readonly unconfirmed_usd: string;
}

export interface Usage {
  readonly data: readonly UsageRow[];
  readonly has_more: boolean;
}

export interface Cap {
  readonly tenant: string;
  readonly team: string | null;
  readonly user: string | null;
  readonly key: string | null;
  readonly limit: string;
  readonly unit: string;
  readonly cap: string | number;
  readonly used: string | number;
  readonly held: string | number | null;
  readonly unresolved: string | number | null;
  readonly share: number;
  readonly starts_at: string;
  readonly resets_at: string;
  readonly used_up_at: string | null;
  readonly used_up_within_ms: number | null;
}

export interface Incident {
  readonly id: string;
  readonly at: string;
  readonly until: string;
  readonly action: string;
  readonly outcome: string;
  readonly target: string;
  readonly tenant: string | null;
  readonly reason: string;
  readonly process: string;
  readonly decided: string | null;
  readonly decided_by: string | null;
}

export interface SwitchEntry {
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
  readonly by: string;
  readonly since: string;
  readonly until: string | null;
  readonly cuts_running: boolean;
}

export interface Key {
  readonly key_id: string;
  readonly name: string | null;
  readonly tenant: string;
  readonly team: string | null;
  readonly user: string | null;
  readonly plan: string;
  readonly status: 'active' | 'disabled' | 'expired' | 'revoked';
  readonly created_at: string;
  readonly expires_at: string | null;
}
