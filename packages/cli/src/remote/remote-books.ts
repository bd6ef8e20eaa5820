import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { parseUsd } from '@tollgate/core';
import type { Books } from '../command/books.js';
import { UsageError } from '../command/failure.js';
import type { AdminApi } from './admin-api.js';
import type { BillAnswer, CapAnswer, Data, MoverAnswer, UnresolvedAnswer, UsageAnswer } from './answers.js';

/** Dollars as the API writes them, as a decimal string of nano-dollars. */
function nanoOf(usd: string): string {
  const [whole = '0', fraction = ''] = usd.replace('-', '').split('.');
  const nano = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return String(usd.startsWith('-') ? -nano : nano);
}

const isoOf = (moment: Date | string | undefined): string | undefined =>
  moment === undefined ? undefined : new Date(moment).toISOString();

const oneOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The API tells whether there is more than it lists. */
interface More<Item> extends Data<Item> {
  readonly has_more: boolean;
}

interface AcceptedAnswer {
  readonly event_id: string;
  readonly changed: boolean;
  readonly cost_usd: string;
}

const mostUnresolved = 1_000;

/** Reports of the ledger by the admin API of a running app. */
export function remoteBooks(api: AdminApi): Books {
  return {
    planNames: async () => {
      const { data } = await api.get<Data<{ readonly name: string }>>('/plans');
      return data.map(({ name }) => name);
    },
    async usage({ from, to, by, where, timeZone }) {
      const asked = {
        from: isoOf(from),
        to: isoOf(to),
        by: by?.join(','),
        tenant: oneOf(where?.tenant),
        time_zone: timeZone,
      };
      const { data, has_more: hasMore } = await api.get<More<UsageAnswer>>('/usage', {
        ...asked,
        limit: 10_000,
      });
      if (hasMore)
        throw new Error(
          'there are more than 10 000 rows, which the admin API does not list: ask for fewer, with --tenant or a shorter period',
        );
      return data.map((one) => ({
        ...{ by: one.by, attempts: one.attempts, calls: one.calls, inputTokens: one.input_tokens },
        ...{ cachedInputTokens: one.cached_input_tokens, cacheWriteTokens: one.cache_write_tokens },
        ...{ outputTokens: one.output_tokens, reasoningTokens: one.reasoning_tokens },
        ...{ costNanoUsd: nanoOf(one.cost_usd), unconfirmedNanoUsd: nanoOf(one.unconfirmed_usd) },
      }));
    },
    async movers({ from, to, by, where, limit }) {
      const asked = {
        from: isoOf(from),
        to: isoOf(to),
        by: by?.join(','),
        tenant: oneOf(where?.tenant),
        limit,
      };
      const { data } = await api.get<Data<MoverAnswer>>('/movers', asked);
      return data.map((one) => ({
        ...{ by: one.by, costNanoUsd: nanoOf(one.cost_usd), previousNanoUsd: nanoOf(one.previous_usd) },
        changeNanoUsd: nanoOf(one.change_usd),
      }));
    },
    async bill(month, { tenant, timeZone, prices }) {
      if (prices)
        throw new UsageError('--prices: by --url, bills have the prices that the app gives to admin()');
      const { data } = await api.get<Data<BillAnswer>>('/bills', { month, tenant, time_zone: timeZone });
      return data.map((one) => ({
        ...{ tenant: one.tenant, plan: one.plan, costNanoUsd: nanoOf(one.cost_usd) },
        ...{ usagePriceNanoUsd: nanoOf(one.usage_price_usd), includedNanoUsd: nanoOf(one.included_usd) },
        ...{ overageNanoUsd: nanoOf(one.overage_usd), feeNanoUsd: nanoOf(one.fee_usd) },
        ...{ billedNanoUsd: nanoOf(one.billed_usd), marginNanoUsd: nanoOf(one.margin_usd) },
      }));
    },
    async caps({ plans, tenant, above }) {
      if (plans) throw new UsageError('--plans: by --url, the plans are those of the app');
      const found = await api.list<CapAnswer>('/caps', { tenant, above });
      return found.map((one) => {
        const amount = (value: string | number) =>
          one.unit === 'usd' ? (parseUsd(String(value)) ?? 0) : Number(value);
        return {
          ...{ tenant: one.tenant, team: one.team, user: one.user, key: one.key, limit: one.limit },
          ...{ unit: one.unit, cap: amount(one.cap), used: amount(one.used), share: one.share },
          ...{ window: one.window, startsAt: one.starts_at, resetsAt: one.resets_at },
        };
      });
    },
    async unresolved({ tenant, limit }) {
      const asked = { tenant, limit: Math.min(limit, mostUnresolved) };
      const { data, has_more: hasMore } = await api.get<More<UnresolvedAnswer>>('/unresolved', asked);
      if (hasMore && limit > mostUnresolved)
        throw new Error(
          `there are more than ${mostUnresolved} attempts, which the admin API does not list: ask for fewer, with --limit or --tenant`,
        );
      return data.map((one) => ({
        ...{ eventId: one.event_id, requestId: one.request_id, tenant: one.tenant, provider: one.provider },
        ...{ model: one.model, admittedAt: one.admitted_at, costNanoUsd: nanoOf(one.estimate_usd) },
        unresolvedNanoUsd: nanoOf(one.unresolved_usd),
      }));
    },
    async events({ from, to, format, tenant, keepsFormulas }) {
      if (keepsFormulas) throw new UsageError('--keep-formulas: by --url, formulas in CSV are made harmless');
      const file = await api.file('/export', { from: isoOf(from), to: isoOf(to), format, tenant });
      return Readable.fromWeb(file as WebStream);
    },
    async accept(eventId, as) {
      const done = await api.change<AcceptedAnswer>(`/unresolved/${encodeURIComponent(eventId)}/accept`, {
        as,
      });
      return { eventId: done.event_id, changed: done.changed, costNanoUsd: nanoOf(done.cost_usd) };
    },
  };
}
