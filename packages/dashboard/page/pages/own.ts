import type { VNode } from 'preact';
import { useId, useState } from 'preact/hooks';
import { readAs } from '../api.js';
import { config } from '../config.js';
import { count, inUnit, percent, time } from '../format.js';
import { html } from '../html.js';
import { Failure, Money, Section, Table } from '../parts/basics.js';
import type { Place } from '../state.js';

interface Line {
  readonly limit: string;
  readonly unit: string;
  readonly cap: string | number;
  readonly used: string | number;
  readonly held: string | number;
  readonly left: string | number;
  readonly resets_at: string | null;
  readonly binding: boolean;
}

interface Own {
  readonly plan: string;
  readonly tenant: string;
  readonly key_id: string | null;
  readonly limits: readonly Line[];
}

interface Past {
  readonly by: readonly string[];
  readonly rows: readonly {
    readonly model: string | null;
    readonly calls: number;
    readonly cost_usd: string;
  }[];
}

/** A key holder's own limits and usage. The key stays in the memory of this page. */
export function OwnPage({ place }: { place: Place }): VNode {
  const zone = place.params.get('zone') ?? 'UTC';
  const id = useId();
  const [own, setOwn] = useState<Own>();
  const [past, setPast] = useState<Past>();
  const [error, setError] = useState<Error>();
  const read = async (event: Event): Promise<void> => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget as HTMLFormElement).get('key') ?? '').trim();
    setError(undefined);
    try {
      setOwn(await readAs<Own>(key, config.own ?? ''));
      if (config.history) setPast(await readAs<Past>(key, `${config.history}?by=model`));
    } catch (reason) {
      setError(reason instanceof Error ? reason : new Error(String(reason)));
    }
  };
  return html`<${Section} title="The limits and usage of a key">
    <form onSubmit=${read} class="fields">
      <span class="field"><label for=${id}>Key</label><input id=${id} name="key" type="password" autocomplete="off" required /></span>
      <button type="submit" class="primary">Show</button>
    </form>
    <p><small>The key is sent to this server only, and is forgotten when the page is left.</small></p>
    ${error ? html`<${Failure} error=${error} />` : null}
    ${
      own
        ? html`<h3>Key ${own.key_id ?? '–'} of ${own.tenant}, plan ${own.plan}</h3>
        <${Table} caption="Limits" rows=${own.limits} keyOf=${(one: Line) => one.limit} columns=${[
          { name: 'Limit', of: (one: Line) => `${one.limit}${one.binding ? ' (closest to its cap)' : ''}` },
          { name: 'Used', isNumber: true, of: (one: Line) => inUnit(one.used, one.unit) },
          { name: 'Held', isNumber: true, of: (one: Line) => inUnit(one.held, one.unit) },
          { name: 'Left', isNumber: true, of: (one: Line) => inUnit(one.left, one.unit) },
          { name: 'Cap', isNumber: true, of: (one: Line) => inUnit(one.cap, one.unit) },
          {
            name: 'Share',
            isNumber: true,
            of: (one: Line) => percent(Number(one.cap) === 0 ? 1 : Number(one.used) / Number(one.cap)),
          },
          {
            name: `Resets (${zone})`,
            of: (one: Line) => (one.resets_at ? time(one.resets_at, zone) : 'continuously'),
          },
        ]} />`
        : null
    }
    ${
      past
        ? html`<h3>Last 30 days by model</h3><${Table} caption="Usage of the last 30 days by model" rows=${past.rows} keyOf=${(one: Past['rows'][number]) => String(one.model)} columns=${[
            { name: 'Model', of: (one: Past['rows'][number]) => one.model ?? '–' },
            { name: 'Calls', isNumber: true, of: (one: Past['rows'][number]) => count(one.calls) },
            {
              name: 'Cost',
              isNumber: true,
              of: (one: Past['rows'][number]) => html`<${Money} usd=${one.cost_usd} />`,
            },
          ]} />`
        : null
    }
  <//>`;
}
