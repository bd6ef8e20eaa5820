import type { VNode } from 'preact';
import { useId } from 'preact/hooks';
import { change, type Page, queryOf } from '../api.js';
import { count, time } from '../format.js';
import { html } from '../html.js';
import { DialogButton, Empty, Failure, FormDialog, Money, Section, Table } from '../parts/basics.js';
import { RangePicker, rangeOf } from '../parts/range.js';
import { useMe, useRole } from '../parts/shell.js';
import { changed, type Place, setParams, useData } from '../state.js';

interface Bill {
  readonly tenant: string;
  readonly plan: string;
  readonly cost_usd: string;
  readonly fee_usd: string;
  readonly overage_usd: string;
  readonly billed_usd: string;
  readonly margin_usd: string;
}

interface Outcome {
  readonly by: Readonly<Record<string, string | null>>;
  readonly outcomes: number;
  readonly cost_usd: string;
  readonly cost_per_outcome_usd: string | null;
}

interface Reconciliation {
  readonly at: string;
  readonly actor: string;
  readonly first_day: string;
  readonly last_day: string;
  readonly lines: number;
  readonly differing: number;
}

interface Unresolved {
  readonly event_id: string;
  readonly tenant: string;
  readonly provider: string;
  readonly model: string;
  readonly admitted_at: string;
  readonly estimate_usd: string;
  readonly unresolved_usd: string;
}

/** The month end: bills and margins, cost per outcome, reconciliation, what is not settled, exports. */
export function MoneyPage({ place }: { place: Place }): VNode {
  const isFinance = useRole('finance');
  const me = useMe();
  return html`${isFinance ? html`<${Bills} place=${place} /><${Outcomes} place=${place} /><${Exports} place=${place} />${me?.tenant ? null : html`<${Reconciliations} place=${place} />`}` : html`<${Empty}>Bills, margins and exports need the role finance.<//>`}<${Open} place=${place} />`;
}

function Bills({ place }: { place: Place }): VNode {
  const id = useId();
  const month = place.params.get('month') ?? new Date().toISOString().slice(0, 7);
  const { data, error } = useData<{ data: readonly Bill[] }>(`/bills${queryOf({ month })}`);
  return html`<${Section} title="Bills and margins (UTC)">
    <div class="fields"><span class="field"><label for=${id}>Month</label><input id=${id} type="month" value=${month}
      onChange=${(event: Event) => setParams({ month: (event.currentTarget as HTMLInputElement).value })} /></span></div>
    ${error ? html`<${Failure} error=${error} />` : null}
    ${data?.data.length === 0 ? html`<${Empty}>No usage in this month. Choose another one.<//>` : null}
    ${
      data && data.data.length > 0
        ? html`<${Table} caption=${`Bills of ${month}`} rows=${data.data} keyOf=${(one: Bill) => one.tenant + one.plan} columns=${[
            { name: 'Tenant', of: (one: Bill) => one.tenant },
            { name: 'Plan', of: (one: Bill) => one.plan },
            ...(['cost_usd', 'fee_usd', 'overage_usd', 'billed_usd', 'margin_usd'] as const).map((field) => ({
              name: {
                cost_usd: 'Cost',
                fee_usd: 'Fee',
                overage_usd: 'Usage billed',
                billed_usd: 'Billed',
                margin_usd: 'Margin',
              }[field],
              isNumber: true,
              of: (one: Bill) => html`<${Money} usd=${one[field]} />`,
            })),
          ]} />`
        : null
    }
  <//>`;
}

function Outcomes({ place }: { place: Place }): VNode {
  const id = useId();
  const outcome = place.params.get('reached') ?? 'resolved';
  const { from, to, time_zone } = rangeOf(place);
  const { data, error } = useData<{ data: readonly Outcome[] }>(
    `/outcomes${queryOf({ outcome, from, to, time_zone, by: 'feature' })}`,
  );
  const reached = data?.data.filter((one) => one.outcomes > 0) ?? [];
  return html`<${Section} title="Cost per outcome">
    <div class="fields"><${RangePicker} place=${place} /><span class="field"><label for=${id}>Outcome</label><input id=${id} value=${outcome}
      onChange=${(event: Event) => setParams({ reached: (event.currentTarget as HTMLInputElement).value })} /></span></div>
    ${error ? html`<${Failure} error=${error} />` : null}
    ${
      data && reached.length === 0
        ? html`<${Empty}>No request has led to “${outcome}” in this period. The app reports outcomes with recordOutcome(requestId, '${outcome}').<//>`
        : null
    }
    ${
      reached.length > 0
        ? html`<${Table} caption=${`Cost per ${outcome}`} rows=${reached} keyOf=${(one: Outcome) => String(one.by.feature)} columns=${[
            { name: 'Feature', of: (one: Outcome) => one.by.feature ?? '(none)' },
            { name: 'Outcomes', isNumber: true, of: (one: Outcome) => count(one.outcomes) },
            { name: 'Cost', isNumber: true, of: (one: Outcome) => html`<${Money} usd=${one.cost_usd} />` },
            {
              name: 'Per outcome',
              isNumber: true,
              of: (one: Outcome) =>
                one.cost_per_outcome_usd ? html`<${Money} usd=${one.cost_per_outcome_usd} />` : '–',
            },
          ]} />`
        : null
    }
  <//>`;
}

function Exports({ place }: { place: Place }): VNode {
  const { from, to } = rangeOf(place);
  return html`<${Section} title="Exports">
    <p>The usage events of the chosen period, corrections as separate rows.</p>
    <p class="actions">${['csv', 'jsonl', 'parquet'].map(
      (format) =>
        html`<a class="button" href=${`api/export${queryOf({ from, to, format })}`} download>${format === 'csv' ? 'CSV' : format === 'jsonl' ? 'JSON lines' : 'Parquet'}</a>`,
    )}</p>
  <//>`;
}

/** Whether the ledger agreed with the provider's own figures, one row for each comparison that was kept. */
function Reconciliations({ place }: { place: Place }): VNode {
  const zone = place.params.get('zone') ?? 'UTC';
  const { data, error } = useData<{ data: readonly Reconciliation[] }>('/reconciliation?limit=5');
  return html`<${Section} title="Reconciliation with providers">
    ${error ? html`<${Failure} error=${error} />` : null}
    ${data?.data.length === 0 ? html`<${Empty}>The ledger was not compared with a provider's figures yet. Compare them every month: tollgate reconcile --fetch openai --month ${new Date().toISOString().slice(0, 7)}<//>` : null}
    ${
      data && data.data.length > 0
        ? html`<${Table} caption="Comparisons with providers, the newest first" rows=${data.data} keyOf=${(one: Reconciliation) => one.at} columns=${[
            { name: `At (${zone})`, of: (one: Reconciliation) => time(one.at, zone) },
            { name: 'By', of: (one: Reconciliation) => one.actor },
            { name: 'Days (UTC)', of: (one: Reconciliation) => `${one.first_day} to ${one.last_day}` },
            { name: 'Compared', isNumber: true, of: (one: Reconciliation) => count(one.lines) },
            {
              name: 'Result',
              of: (one: Reconciliation) =>
                one.differing === 0
                  ? 'all agree'
                  : `${count(one.differing)} differ: tollgate reconcile shows them`,
            },
          ]} />`
        : null
    }
  <//>`;
}

/** Attempts whose end is unknown: their counters keep more than their estimate until someone decides. */
function Open({ place }: { place: Place }): VNode {
  const zone = place.params.get('zone') ?? 'UTC';
  const mayChange = useRole('operator');
  const { data, error, reload } = useData<Page<Unresolved>>('/unresolved?limit=50', 'usage');
  const accept = (one: Unresolved, as: 'estimate' | 'zero'): VNode =>
    html`<${DialogButton} label=${as === 'estimate' ? 'Accept estimate' : 'Accept zero'} about=${one.event_id} dialog=${(
      close: () => void,
    ) =>
      html`<${FormDialog} title=${`Accept ${as === 'estimate' ? 'the estimate' : 'nothing'} for this attempt`} action="Accept" close=${close} fields=${[]}
        text="Its counters are lowered. The provider may have billed more: this waives the cap for this call."
        submit=${async () => {
          await change(`/unresolved/${one.event_id}/accept`, { as });
          changed('usage');
          reload();
          return 'The ledger and its counters are corrected.';
        }} />`} />`;
  return html`<${Section} title="Attempts whose end is unknown">
    ${error ? html`<${Failure} error=${error} />` : null}
    ${data?.data.length === 0 ? html`<${Empty}>Every attempt is settled with the usage that its provider reported.<//>` : null}
    ${
      data && data.data.length > 0
        ? html`<${Table} caption="Attempts whose end is unknown, the oldest first" rows=${data.data} keyOf=${(one: Unresolved) => one.event_id} columns=${[
            { name: `Admitted (${zone})`, of: (one: Unresolved) => time(one.admitted_at, zone) },
            { name: 'Tenant', of: (one: Unresolved) => one.tenant },
            { name: 'Model', of: (one: Unresolved) => `${one.provider} ${one.model}` },
            {
              name: 'Estimate',
              isNumber: true,
              of: (one: Unresolved) => html`<${Money} usd=${one.estimate_usd} />`,
            },
            {
              name: 'Unresolved',
              isNumber: true,
              of: (one: Unresolved) => html`<${Money} usd=${one.unresolved_usd} />`,
            },
            ...(mayChange
              ? [
                  {
                    name: 'Actions',
                    of: (one: Unresolved) =>
                      html`<span class="actions">${accept(one, 'estimate')}${accept(one, 'zero')}</span>`,
                  },
                ]
              : []),
          ]} />`
        : null
    }
  <//>`;
}
