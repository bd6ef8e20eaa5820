import type { VNode } from 'preact';
import { queryOf } from '../api.js';
import { count, percent } from '../format.js';
import { html } from '../html.js';
import { Empty, Failure, Money, Section, Table } from '../parts/basics.js';
import { RangePicker, rangeOf } from '../parts/range.js';
import { useRole } from '../parts/shell.js';
import { type Place, useData } from '../state.js';

interface Advice {
  readonly repeated_prompts: readonly {
    readonly tenant: string;
    readonly route: string | null;
    readonly model: string;
    readonly prompt_hash: string;
    readonly calls: number;
    readonly cost_usd: string;
    readonly repeated_usd: string;
  }[];
  readonly cached_input: readonly {
    readonly route: string | null;
    readonly provider: string;
    readonly model: string;
    readonly input_tokens: number;
    readonly cached_input_tokens: number;
    readonly cached_share: number;
  }[];
}

/** What a cache would have saved. */
export function SavingsPage({ place }: { place: Place }): VNode {
  const isFinance = useRole('finance');
  const { from, to } = rangeOf(place);
  const { data, error } = useData<Advice>(isFinance ? `/advice${queryOf({ from, to })}` : undefined);
  type Repeated = Advice['repeated_prompts'][number];
  type Cached = Advice['cached_input'][number];
  return html`<${Section} title="Possible savings">
    <div class="fields"><${RangePicker} place=${place} /></div>
    ${isFinance ? null : html`<${Empty}>Possible savings need the role finance.<//>`}
    ${error ? html`<${Failure} error=${error} />` : null}
    ${
      data && data.repeated_prompts.length === 0 && data.cached_input.length === 0
        ? html`<${Empty}>No usage in this period. Choose a longer one.<//>`
        : null
    }
    ${
      data && data.repeated_prompts.length > 0
        ? html`<h3>Prompts that were answered several times: a cache would have saved this</h3>
        <${Table} caption="Repeated prompts" rows=${data.repeated_prompts} keyOf=${(one: Repeated) => one.prompt_hash + one.model} columns=${[
          { name: 'Tenant', of: (one: Repeated) => one.tenant },
          { name: 'Route', of: (one: Repeated) => one.route ?? '–' },
          { name: 'Model', of: (one: Repeated) => one.model },
          { name: 'Calls', isNumber: true, of: (one: Repeated) => count(one.calls) },
          { name: 'Cost', isNumber: true, of: (one: Repeated) => html`<${Money} usd=${one.cost_usd} />` },
          {
            name: 'Of it repeated',
            isNumber: true,
            of: (one: Repeated) => html`<${Money} usd=${one.repeated_usd} />`,
          },
        ]} />`
        : null
    }
    ${
      data && data.cached_input.length > 0
        ? html`<h3>Input that the provider could have cached</h3>
        <${Table} caption="Cached input by route and model" rows=${data.cached_input} keyOf=${(one: Cached) => `${one.route} ${one.provider} ${one.model}`} columns=${[
          { name: 'Route', of: (one: Cached) => one.route ?? '–' },
          { name: 'Model', of: (one: Cached) => `${one.provider} ${one.model}` },
          { name: 'Input tokens', isNumber: true, of: (one: Cached) => count(one.input_tokens) },
          { name: 'Cached', isNumber: true, of: (one: Cached) => percent(one.cached_share) },
        ]} />`
        : null
    }
  <//>`;
}
