import { readFileSync } from 'node:fs';

/** What becomes of a route of a provider. */
export type Fate = 'metered' | 'free' | 'refused';
export type Route = readonly [method: string, path: string, fate: Fate];

/** The dated table of `provider-routes.txt`: blocks of a host and its routes, each its fate, method and path. */
export const providerRoutes: readonly (readonly [host: string, routes: readonly Route[]])[] = readFileSync(
  new URL('provider-routes.txt', import.meta.url),
  'utf8',
)
  .split('\n\n')
  .slice(1)
  .map((block) => {
    const [host = '', ...lines] = block.trim().split('\n');
    return [host, lines.map(routeOf)] as const;
  });

function routeOf(line: string): Route {
  const [fate = '', method = '', path = ''] = line.split(/ +/);
  return [method, path, fate as Fate];
}
