import { type AdminRouter, admin } from '@tollgate/admin';
import { type Request, type Response, Router } from 'express';
import { readAssets, sendAsset } from './assets.js';
import { type DashboardOptions, readOptions } from './options.js';
import { pageOf } from './page.js';

/** No inline script or style, nothing from elsewhere, in no frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * A page for operators, with the admin API that it uses under `api/`: `app.use('/dashboard', dashboard({ tg, authorize }))`. The page itself
 * holds no figure: all of them come from the API, which asks `authorize`. Works under any path and behind proxies that strip a prefix. Throws a
 * `TypeError` for a wrong, unknown or missing option.
 */
export function dashboard(options: DashboardOptions): AdminRouter {
  const { api, login, title, paths } = readOptions(options ?? {});
  const routes = admin(api);
  const assets = readAssets();
  const named = (ending: string): string => [...assets.keys()].find((name) => name.endsWith(ending)) ?? '';
  const settings = { title, login: login !== undefined, ...paths };
  const page = pageOf({ script: named('.js'), style: named('.css'), title, settings });
  const router = Router();
  router.use('/api', routes);
  if (login) {
    router.post('/session', ...login.guards, login.sessions.begin());
    router.post('/logout', login.sessions.end());
  }
  router.get('/assets/:name', function dashboardAsset(req: Request, res: Response, next) {
    const asset = assets.get(String(req.params.name));
    if (asset) sendAsset(req, res, asset);
    else next();
  });
  router.get('/', function dashboardPage(req: Request, res: Response) {
    const [path = '', query] = req.originalUrl.split('?');
    // The URLs of the page are relative to it. The redirect is too: only the client knows the path in front of it.
    if (!path.endsWith('/')) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      res.redirect(308, `${name}/${query === undefined ? '' : `?${query}`}`);
      return;
    }
    res.setHeader('content-security-policy', policy);
    res.setHeader('x-content-type-options', 'nosniff');
    res.setHeader('x-frame-options', 'DENY');
    res.setHeader('referrer-policy', 'no-referrer');
    res.setHeader('cross-origin-opener-policy', 'same-origin');
    res.setHeader('cache-control', 'no-cache');
    res.type('html').send(page);
  });
  return Object.assign(router, { close: () => routes.close() });
}
