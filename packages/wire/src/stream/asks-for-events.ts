import type { WireFormat } from '../format/wire-format.js';

/** Whether a call with this query gets its stream as server-sent events, as far as the query decides it. */
export function asksForEvents({ streamQuery }: WireFormat, query: URLSearchParams): boolean {
  const [name = '', value] = streamQuery.split('=');
  return name === '' || query.get(name) === value;
}
