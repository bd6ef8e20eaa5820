import { mkdirSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PostgresProcess, startPostgres } from '@tollgate/testkit';
import pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launchBrowser, logIn, openPage, violationsOf } from './browser.js';
import { type DashboardApp, fillDashboard, hostile, startDashboardApp } from './dashboard-app.js';

const pages = [
  'now',
  'limits',
  'usage',
  'money',
  'savings',
  'incidents',
  'refusals',
  'running',
  'providers',
  'attempts',
];
const more = ['tenants', 'keys', 'switch', 'audit', 'own'];
const folder = join(import.meta.dirname, '../../../reports/screenshots');
const narrow = { width: 360, height: 740 };
const wide = { width: 1_440, height: 900 };

let browser: Browser;
beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  if (chromiumPath) browser = await launchBrowser();
}, 360_000);
afterAll(async () => {
  if (chromiumPath) await browser.close();
});

/** Waits until every part of a page has its figures, or says that there are none; some ask for more once they have their first ones. */
async function settled(page: Page, path: string): Promise<void> {
  await page.locator(`nav.pages a[aria-current][href="#/${path}"]`).waitFor();
  for (let quiet = 0; quiet < 3; quiet += 1) {
    await page.evaluate(
      'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
    );
    await page.locator('#app[aria-busy="false"]').waitFor();
  }
}

/** Visits every page, and returns what is wrong with each. */
async function faultsOf(
  app: DashboardApp,
  name: string,
  options: { colorScheme: 'dark' | 'light'; viewport: typeof wide },
  visited: readonly string[],
): Promise<string[]> {
  const { page, faults, close } = await openPage(browser, app.url, options);
  await logIn(page, app.page, app.adminKey);
  const found: string[] = [];
  for (const path of visited) {
    await page.goto(`${app.page}#/${path}`);
    await settled(page, path);
    if (path === 'limits') {
      const burn = page.getByRole('button', { name: /^Burn-down/ }).first();
      if (await burn.isVisible())
        await burn.click().then(() => page.locator('figure canvas').first().waitFor());
    }
    const width = await page.evaluate('document.documentElement.scrollWidth');
    if (Number(width) > options.viewport.width) found.push(`${path}: ${width} px wide`);
    if ((await page.title()).includes('owned')) found.push(`${path}: markup was run`);
    for (const violation of await violationsOf(page)) found.push(`${path}: ${violation}`);
    await page.screenshot({ path: join(folder, `${name}-${path}.png`), fullPage: true });
  }
  await close();
  return [...found, ...faults];
}

const inBrowser = chromiumPath ? describe : describe.skip;

inBrowser('every page', () => {
  let app: DashboardApp;
  beforeAll(async () => {
    app = await startDashboardApp();
    await fillDashboard(app);
  }, 150_000);
  afterAll(() => app.close());

  it.each([
    ['light-1440', { colorScheme: 'light', viewport: wide }],
    ['dark-360', { colorScheme: 'dark', viewport: narrow }],
  ] as const)(
    'with data, %s: no violation of WCAG or of the policy, no request elsewhere',
    async (name, options) => {
      expect(await faultsOf(app, name, options, [...pages, ...more])).toEqual([]);
    },
    120_000,
  );

  it('is checked by rules that find something: a picture without a text, a colour that is too pale', async () => {
    const { page, close } = await openPage(browser, app.url);
    await page.goto(app.page);
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<img src="data:,"><p id="pale">pale</p>');
      document.getElementById('pale').style.color = '#e8e8e8'`);
    const found = (await violationsOf(page)).map((violation) => violation.split(':')[0]);
    expect(found.sort()).toEqual(['color-contrast', 'image-alt']);
    await close();
  });

  it('shows the figures of the ledger, hostile names as text, and a drill-down by the keyboard', async () => {
    const { page, faults, close } = await openPage(browser, app.url);
    await logIn(page, app.page, app.adminKey);
    await page.goto(`${app.page}#/usage?by=tenant`);
    const row = page.getByRole('row').filter({ hasText: hostile.slice(0, 40) });
    await row.first().waitFor();
    const [sum] = (await page.evaluate(
      `fetch('api/usage?by=tenant&tenant=acme').then((answer) => answer.json()).then(({ data }) => data.map((one) => one.cost_usd))`,
    )) as string[];
    const shown = page.getByRole('row').filter({ hasText: 'acme' }).locator(`[title="$${sum}"]`);
    expect(await shown.first().textContent()).toBe(`$${Number(sum).toFixed(2)}`);
    await page.getByRole('button', { name: 'acme', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^tenant: acme/ }).waitFor();
    expect(page.url()).toContain('by=model');
    await page
      .getByRole('cell', { name: 'gpt-5-mini' })
      .or(page.getByRole('rowheader', { name: 'gpt-5-mini' }))
      .first()
      .waitFor();
    await page.goBack(); // a filter is a step of the browser's history
    await row.first().waitFor();
    expect(faults).toEqual([]);
    await close();
  }, 150_000);

  it('works behind a proxy that strips a prefix: page, login, cookie, API and logout', async () => {
    const { hostname, port } = new URL(app.url);
    const proxy = createServer((req, res) => {
      if (!req.url?.startsWith('/tools/')) return void res.writeHead(404).end();
      const path = req.url.slice('/tools'.length).replace('/dashboard', '/office/dashboard');
      const passed = { hostname, port, path, method: req.method, headers: req.headers };
      req.pipe(
        httpRequest(passed, (answer) => answer.pipe(res.writeHead(answer.statusCode ?? 500, answer.headers))),
      );
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    const origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    const { page, faults, close } = await openPage(browser, origin);
    await logIn(page, `${origin}/tools/dashboard`, app.adminKey);
    await page.reload(); // the session is the cookie's
    await page.getByRole('heading', { name: 'Closest to their cap' }).waitFor();
    const [cookie, ...more] = await page.context().cookies();
    expect([cookie?.path, cookie?.httpOnly, cookie?.sameSite, more.length]).toEqual([
      '/tools/dashboard',
      true,
      'Strict',
      0,
    ]);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Admin key').waitFor();
    expect(await page.context().cookies()).toEqual([]);
    expect(faults).toEqual([]);
    await close();
    proxy.closeAllConnections();
    proxy.close();
  }, 150_000);

  it('of a viewer has no button that changes anything, and none of a tenant has others', async () => {
    const limited = await startDashboardApp({ role: 'viewer', tenant: 'acme' });
    await fillDashboard(limited);
    const { page, faults, close } = await openPage(browser, limited.url);
    await page.goto(limited.page);
    await page.getByLabel('Admin key').fill(limited.adminKey);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('(viewer, tenant acme)').waitFor();
    for (const path of [...pages, ...more]) {
      await page.goto(`${limited.page}#/${path}`);
      await settled(page, path);
      expect([path, await page.getByText('globex').count()]).toEqual([path, 0]);
      const names = await page.getByRole('button').allTextContents();
      const harmless = /^(?:Log out|First page|Next page|Burn-down|Show|acme|.*(?:gpt|claude).*|\(none\))$/;
      expect([path, names.filter((name) => !harmless.test(name))]).toEqual([path, []]);
    }
    expect(faults).toEqual([]);
    await close();
    await limited.close();
  }, 90_000);
});

inBrowser('every page of a new app', () => {
  let app: DashboardApp;
  beforeAll(async () => {
    app = await startDashboardApp();
  }, 150_000);
  afterAll(() => app.close());

  it('names the next action where there is nothing to show', async () => {
    expect(
      await faultsOf(app, 'empty-dark-1440', { colorScheme: 'dark', viewport: wide }, [...pages, ...more]),
    ).toEqual([]);
    const { page, close } = await openPage(browser, app.url);
    await logIn(page, app.page, app.adminKey);
    for (const [path, text] of [
      ['now', 'Make a call with a key'],
      ['usage', 'Choose a longer one'],
      ['switch', 'In an emergency'],
      ['attempts', 'make a call'],
    ] as const) {
      await page.goto(`${app.page}#/${path}`);
      await page.getByText(text).first().waitFor();
    }
    await close();
  }, 90_000);
});

inBrowser('ten thousand tenants', () => {
  let server: PostgresProcess;
  let app: DashboardApp;
  beforeAll(async () => {
    server = await startPostgres();
    app = await startDashboardApp({ role: 'operator' }, { connectionString: server.url });
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query(`
      insert into tollgate.tenants (tenant, name, created_at)
      select 'tenant-' || lpad(n::text, 5, '0'), 'Customer ' || n, now() from generate_series(1, 10000) as n`);
    await client.query(`
      insert into tollgate.api_keys (key_id, tenant, plan, scopes, labels, secrets, created_at)
      select 'many' || lpad(n::text, 8, '0'), 'tenant-' || lpad(n::text, 5, '0'), 'pro', '[]', '{}', '[]', now() + n * interval '1 ms'
      from generate_series(1, 10000) as n`);
    await client.end();
    await fillDashboard(app);
  }, 120_000);
  afterAll(async () => {
    await app.close();
    await server.stop();
  }, 150_000);

  it('stay usable: pages and a search, and no violation', async () => {
    const visited = ['now', 'limits', 'usage', 'tenants', 'keys'];
    expect(await faultsOf(app, 'many-light-1440', { colorScheme: 'light', viewport: wide }, visited)).toEqual(
      [],
    );
    const { page, close } = await openPage(browser, app.url);
    await logIn(page, app.page, app.adminKey);
    await page.goto(`${app.page}#/tenants`);
    await page.getByRole('rowheader', { name: 'tenant-00001' }).waitFor();
    expect(await page.getByRole('row').count()).toBe(51); // one page, and the heading
    await page.getByRole('button', { name: 'Next page' }).click();
    await page.getByRole('rowheader', { name: 'tenant-00060' }).waitFor();
    await page.getByLabel('Id or name').fill('Customer 9876');
    await page.getByRole('rowheader', { name: 'tenant-09876' }).waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
    await page.goto(`${app.page}#/keys`);
    await page.getByRole('searchbox').fill('many00009999');
    await page.getByRole('rowheader', { name: 'many00009999' }).waitFor();
    await close();
  }, 120_000);
});
