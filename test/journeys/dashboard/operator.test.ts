import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launchBrowser, logIn, openPage, type Watched } from './browser.js';
import { type DashboardApp, startDashboardApp } from './dashboard-app.js';

let app: DashboardApp;
let browser: Browser;
let watched: Watched;
let page: Page;

beforeAll(async () => {
  if (!chromiumPath) return;
  [app, browser] = await Promise.all([startDashboardApp(), launchBrowser()]);
  watched = await openPage(browser, app.url);
  ({ page } = watched);
}, 360_000);
afterAll(async () => {
  if (!chromiumPath) return;
  await browser.close();
  await app.close();
}, 150_000);

async function call(key: string): Promise<{ status: number; code: string | undefined }> {
  const answer = await fetch(`${app.url}/office/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'model',
      max_completion_tokens: 40,
      messages: [{ role: 'user', content: 'Hello' }],
    }),
  });
  const body = (await answer.json()) as { error?: { code: string } };
  return { status: answer.status, code: body.error?.code };
}

async function goTo(name: string): Promise<void> {
  await page
    .getByRole('navigation', { name: 'Pages of the dashboard' })
    .getByRole('link', { name, exact: true })
    .click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
}

const dialog = () => page.getByRole('dialog');

(chromiumPath ? describe : describe.skip)('an operator in the browser', () => {
  it('makes a key, sees it spend, tightens its limit, switches it off and on, and finds all of it in the audit trail', async () => {
    await logIn(page, app.page, app.adminKey);
    await goTo('Keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await dialog().getByLabel('Tenant').fill('acme');
    await dialog().getByLabel('Plan').selectOption('pro');
    await dialog().getByLabel('User (optional)').fill('ann');
    await dialog().getByRole('button', { name: 'Make key' }).click();
    const key = (await dialog().locator('.secret code').textContent()) ?? '';
    expect(key).toMatch(/^tg_live_\w+$/);
    await dialog().getByRole('button', { name: 'Close' }).click();
    const [, , keyId = ''] = key.split('_');
    await page.getByRole('row').filter({ hasText: keyId }).waitFor();

    expect(await call(key)).toEqual({ status: 200, code: undefined });
    await goTo('Limits');
    const cap = page.getByRole('row').filter({ hasText: keyId }).filter({ hasText: 'usd-month' });
    await cap.waitFor();
    expect(await cap.textContent()).toMatch(/\$0\.\d\d\$50\.00/);

    await cap.getByRole('button', { name: /^Change/ }).click();
    await dialog().getByLabel('Limit').fill('$0.30/month');
    await dialog().getByRole('button', { name: 'Set limit' }).click();
    await dialog().getByText('is in force').waitFor();
    await dialog().getByRole('button', { name: 'Close' }).click();
    expect(await call(key)).toEqual({ status: 402, code: 'budget_exceeded' });
    await cap.getByRole('cell', { name: '$0.30', exact: true }).waitFor();
    await goTo('Refusals');
    await page.getByRole('row').filter({ hasText: 'budget_exceeded' }).filter({ hasText: 'acme' }).waitFor();

    await goTo('Switch');
    await page.getByText('Nothing is switched off').waitFor();
    await page.getByRole('button', { name: 'Switch off' }).click();
    await dialog().getByLabel('What').selectOption('tenant');
    await dialog().getByLabel('Name (optional)').fill('acme');
    await dialog().getByLabel('Reason').fill('spend runs away');
    await dialog().getByRole('button', { name: 'Switch off' }).click();
    await dialog()
      .getByText(/^Off, confirmed by /)
      .waitFor();
    await dialog().getByRole('button', { name: 'Close' }).click();
    expect(await call(key)).toEqual({ status: 403, code: 'switched_off' });
    await page.getByRole('button', { name: 'Switch on tenant acme' }).click();
    await dialog().getByRole('button', { name: 'Switch on' }).click();
    await page.getByText('Nothing is switched off').waitFor(); // the row is gone, and the result of the change is still there
    await dialog()
      .getByText(/^On, confirmed by /)
      .waitFor();
    await dialog().getByRole('button', { name: 'Close' }).click();
    expect(await call(key)).toEqual({ status: 402, code: 'budget_exceeded' });

    await goTo('Limits');
    await cap.getByRole('button', { name: /^Change/ }).click();
    await dialog().getByLabel('Limit').fill('five apples');
    await dialog().getByRole('button', { name: 'Set limit' }).click();
    await dialog().getByRole('alert').waitFor(); // stays open, with the reason
    await dialog().getByLabel('Limit').fill('$50/month');
    await dialog().getByRole('button', { name: 'Set limit' }).click();
    await dialog().getByText('is in force').waitFor();
    await dialog().getByRole('button', { name: 'Close' }).click();
    expect(await call(key)).toEqual({ status: 200, code: undefined });

    await goTo('Audit');
    for (const action of ['key.create', 'override.set', 'switch.off', 'switch.on']) {
      await page.getByRole('row').filter({ hasText: action }).first().waitFor();
    }
    expect(watched.faults).toEqual([]);
  }, 120_000);

  it('sees changes without reloading: by server-sent events', async () => {
    await goTo('Now');
    const card = page.locator('.card', { hasText: 'Spent today' });
    await card.getByText(/\d calls/).waitFor();
    const before = Number.parseInt((await card.locator('p').last().textContent()) ?? '', 10);
    const { key } = await app.tg.registry.keys.create({ tenant: 'live', plan: 'pro' });
    expect(await call(key)).toEqual({ status: 200, code: undefined });
    await card.getByText(`${before + 1} calls`).waitFor({ timeout: 10_000 }); // polling alone takes 15 s
    expect(watched.faults).toEqual([]);
  }, 150_000);

  it('works with the keyboard alone', async () => {
    await page.goto(app.page);
    await page.getByRole('heading', { name: 'Closest to their cap' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter'); // the link that skips the navigation
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.getByRole('link', { name: 'Switch', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Switch', level: 1 }).waitFor();
    await page.waitForFunction(`document.activeElement.tagName === 'H1'`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await dialog().waitFor();
    expect(await page.evaluate(`document.activeElement.closest('dialog') !== null`)).toBe(true);
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Switch off');
  }, 150_000);

  it('is asked to log in again when the session ends, and sees nothing after logging out', async () => {
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Admin key').waitFor();
    const status = await page.evaluate(`fetch('api/keys').then((answer) => answer.status)`);
    expect(status).toBe(401);
    await logIn(page, app.page, app.adminKey);
    const [, , keyId = ''] = app.adminKey.split('_');
    const { key } = await app.tg.registry.keys.create({
      tenant: 'operators',
      plan: 'admin',
      scopes: ['admin'],
    });
    await app.tg.registry.keys.revoke(keyId);
    while ((await page.evaluate(`fetch('api/me').then((answer) => answer.status)`)) !== 401)
      await page.waitForTimeout(100);
    await page.getByRole('link', { name: 'Keys', exact: true }).click();
    await page.getByLabel('Admin key').waitFor();
    await logIn(page, app.page, key);
    expect(watched.faults).toEqual([]);
  }, 90_000);

  it('shows key holders their own limits and usage, without an admin key', async () => {
    const other = await openPage(browser, app.url);
    const { key } = await app.tg.registry.keys.create({ tenant: 'holder', plan: 'pro' });
    await call(key);
    await app.tg.ledger.flush();
    await other.page.goto(`${app.page}#/own`);
    await other.page.getByRole('textbox', { name: 'Key' }).fill(key);
    await other.page.getByRole('button', { name: 'Show' }).click();
    await other.page.getByRole('row').filter({ hasText: 'usd-month' }).getByText('$50.00').first().waitFor();
    await other.page.getByRole('row').filter({ hasText: 'model' }).last().waitFor();
    expect(await other.page.evaluate('JSON.stringify({ ...localStorage }) + document.cookie')).not.toContain(
      key,
    );
    expect(other.faults).toEqual([]);
    await other.close();
  }, 150_000);
});
