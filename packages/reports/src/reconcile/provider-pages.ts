import { accepts, checkOptions } from '@tollgate/core/internal';

/** Which pages are asked for. */
export interface PagesQuery {
  provider: 'openai' | 'anthropic';
  /** The organization's admin key, which only these APIs accept. Never part of a message. */
  adminKey: string;
  /** From and to (exclusive), ms since the epoch; whole UTC days are asked for. */
  fromMs: number;
  toMs: number;
  /** @defaultValue the global `fetch` */
  fetch?: typeof globalThis.fetch;
  /** For one page, in ms, 100 to 600 000. @defaultValue 30 000 */
  deadlineMs?: number;
}

const dayMs = 86_400_000;
/** More pages than this are no export of an organization. */
const mostPages = 1_000;

interface Report {
  readonly url: string;
  /** Of the query, beside the period. */
  readonly more: Readonly<Record<string, string>>;
}

/**
 * OpenAI reports usage per endpoint; these two bill by tokens. Both providers' costs cover everything. From the documentation of both APIs; not run
 * against the providers, which need an organization's admin key.
 */
const reports: Readonly<Record<PagesQuery['provider'], readonly Report[]>> = {
  openai: [
    {
      url: 'https://api.openai.com/v1/organization/usage/completions',
      more: { bucket_width: '1d', limit: '31', group_by: 'model' },
    },
    {
      url: 'https://api.openai.com/v1/organization/usage/embeddings',
      more: { bucket_width: '1d', limit: '31', group_by: 'model' },
    },
    { url: 'https://api.openai.com/v1/organization/costs', more: { bucket_width: '1d', limit: '31' } },
  ],
  anthropic: [
    {
      url: 'https://api.anthropic.com/v1/organizations/usage_report/messages',
      more: { bucket_width: '1d', limit: '31', 'group_by[]': 'model' },
    },
    { url: 'https://api.anthropic.com/v1/organizations/cost_report', more: { limit: '31' } },
  ],
};

/**
 * Fetches a provider's figures for a period: usage by day and model, and costs by day, as pages for {@link reconcile} and {@link
 * settleUnresolved}. Rejects with an `Error` that names the API and the status where one does not answer, and with a `TypeError` for wrong
 * options.
 */
export async function providerPages(query: PagesQuery): Promise<unknown[]> {
  checkOptions<PagesQuery>(
    'providerPages',
    // It must not be part of a message.
    { ...query, adminKey: typeof query?.adminKey === 'string' ? 'given' : query?.adminKey },
    {
      ...{ provider: accepts.oneOf('openai', 'anthropic'), adminKey: accepts.string },
      ...{ fromMs: accepts.wholeNumber, toMs: accepts.wholeNumber, fetch: accepts.function },
      deadlineMs: accepts.integerBetween(100, 600_000),
    },
    ['provider', 'adminKey', 'fromMs', 'toMs'],
  );
  const { fromMs, toMs } = query;
  if (fromMs >= toMs) throw new TypeError('providerPages: "fromMs" must be before "toMs"');
  if (!/^[\x21-\x7e]+$/.test(query.adminKey))
    throw new TypeError('providerPages: "adminKey" must be a key: visible ASCII characters');
  const pages: unknown[] = [];
  for (const report of reports[query.provider]) {
    let page: string | undefined;
    do {
      const one = await pageOf(query, report, page);
      pages.push(one);
      if (pages.length > mostPages) throw new Error(`${report.url} answered more than ${mostPages} pages`);
      page = one.has_more === true && typeof one.next_page === 'string' ? one.next_page : undefined;
    } while (page !== undefined);
  }
  return pages;
}

interface Page {
  readonly has_more?: unknown;
  readonly next_page?: unknown;
}

async function pageOf(
  { provider, adminKey, fromMs, toMs, fetch = globalThis.fetch, deadlineMs = 30_000 }: PagesQuery,
  { url, more }: Report,
  page: string | undefined,
): Promise<Page> {
  const [from, to] = [Math.floor(fromMs / dayMs) * dayMs, Math.ceil(toMs / dayMs) * dayMs];
  const period =
    provider === 'openai'
      ? { start_time: String(from / 1_000), end_time: String(to / 1_000) }
      : { starting_at: new Date(from).toISOString(), ending_at: new Date(to).toISOString() };
  const asked = new URLSearchParams({ ...period, ...more, ...(page !== undefined && { page }) });
  const headers: Record<string, string> =
    provider === 'openai'
      ? { authorization: `Bearer ${adminKey}` }
      : { 'x-api-key': adminKey, 'anthropic-version': '2023-06-01' };
  const signal = AbortSignal.timeout(deadlineMs);
  const response = await fetch(`${url}?${asked}`, { headers, redirect: 'error', signal }).catch(() => {
    throw new Error(
      `${url} ${signal.aborted ? `did not answer within ${deadlineMs} ms` : 'could not be reached'}`,
    );
  });
  if (!response.ok) {
    await response.body?.cancel().catch(() => undefined);
    const hint = response.status === 401 || response.status === 403 ? ': it takes an admin key' : '';
    throw new Error(`${url} answered ${response.status}${hint}`);
  }
  const read: unknown = await response.json().catch(() => undefined);
  if (typeof read !== 'object' || read === null) throw new Error(`${url} answered no JSON object`);
  return read;
}
