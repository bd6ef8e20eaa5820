import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { findChromium } from '@tollgate/testkit';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Where tests in the browser run; without one, they are skipped with a warning. */
export const chromiumPath = findChromium();

/** Without sandbox: it needs privileges that containers lack. No background requests: tests count the requests to other hosts. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    ...(chromiumPath && { executablePath: chromiumPath }),
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });

/** A page, and everything about it that must not happen. */
export interface Watched {
  readonly page: Page;
  /** Violations of the content security policy, errors of scripts, requests to other hosts. */
  readonly faults: string[];
  close(): Promise<void>;
}

export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  await page.exposeFunction('tollgateViolation', (text: string) => void faults.push(text));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    tollgateViolation('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))`);
  page.on('pageerror', (error) => void faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // The browser itself reports refusals of the API, which tests provoke.
    const text = message.text();
    if (message.type() === 'error' && !text.startsWith('Failed to load resource'))
      faults.push(`console: ${text}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
      faults.push(`request: ${request.url()}`);
  });
  return { page, faults, close: () => context.close() };
}

/** Logs in by the form, as an operator would. */
export async function logIn(page: Page, url: string, key: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Admin key').fill(key);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Closest to their cap' }).waitFor();
}

const levels = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** Violations of WCAG 2.2 A and AA, each with its first place. */
export async function violationsOf(page: Page): Promise<string[]> {
  // Evaluated, not added as a script: the page's policy allows no other scripts.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(readFileSync(axe, 'utf8'));
  const options = { runOnly: { type: 'tag', values: levels }, resultTypes: ['violations'] };
  const found = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary ?? ''}`,
  );
}
