import 'uplot/dist/uPlot.min.css';
import './style.css';
import { render, type VNode } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ApiError, get, login, type Me } from './api.js';
import { config } from './config.js';
import { html } from './html.js';
import { Incidents } from './pages/incidents.js';
import { Keys } from './pages/keys.js';
import { Limits } from './pages/limits.js';
import { Attempts, Audit, ProvidersPage, Refusals, Tenants } from './pages/lists.js';
import { MoneyPage } from './pages/money.js';
import { Now } from './pages/now.js';
import { OwnPage } from './pages/own.js';
import { RunningPage } from './pages/running.js';
import { SavingsPage } from './pages/savings.js';
import { SwitchPage } from './pages/switch.js';
import { UsagePage } from './pages/usage.js';
import { DialogHost, Failure } from './parts/basics.js';
import { MeContext, type PageOf } from './parts/shell.js';
import { connect, disconnect, usePlace, usePreference, whenLoggedOut } from './state.js';

const pages: Readonly<Record<string, readonly [string, PageOf]>> = {
  now: ['Now', Now],
  limits: ['Limits', Limits],
  usage: ['Usage', UsagePage],
  money: ['Money', MoneyPage],
  savings: ['Savings', SavingsPage],
  incidents: ['Incidents', Incidents],
  refusals: ['Refusals', Refusals],
  running: ['Running', RunningPage],
  providers: ['Providers', ProvidersPage],
  attempts: ['Attempts', Attempts],
  tenants: ['Tenants', Tenants],
  keys: ['Keys', Keys],
  switch: ['Switch', SwitchPage],
  audit: ['Audit', Audit],
  ...(config.own && { own: ['Own usage', OwnPage] as const }),
};

type Access = { readonly me?: Me; readonly error?: Error };

function App(): VNode {
  const place = usePlace();
  const [access, setAccess] = useState<Access>({});
  const enter = (): void => {
    get<Me>('/me').then(
      (me) => {
        setAccess({ me });
        connect();
      },
      (error: Error) => setAccess({ error }),
    );
  };
  useEffect(() => {
    whenLoggedOut(() => {
      disconnect();
      setAccess({ error: new ApiError(401, 'The session has ended. Log in again.', undefined) });
    });
    enter();
  }, []);
  const { me, error } = access;
  const [title, Page] = pages[place.page] ?? (pages.now as readonly [string, PageOf]);
  const needsLogin = !me && error instanceof ApiError && error.status === 401 && place.page !== 'own';
  return html`<${MeContext.Provider} value=${me}>
    <a class="skip" href="#main" onClick=${(event: Event) => {
      event.preventDefault();
      document.getElementById('main')?.focus();
    }}>Skip to the content</a>
    <header>
      <p class="brand">${config.title}</p>
      <${Theme} />
      ${me ? html`<span class="who">${me.name} (${me.role}${me.tenant ? `, tenant ${me.tenant}` : ''})</span>` : null}
      ${
        me && config.login
          ? html`<button type="button" onClick=${() =>
              login().then(() => {
                disconnect();
                setAccess({ error: new ApiError(401, 'You are logged out.', undefined) });
              })}>Log out</button>`
          : null
      }
    </header>
    <div class="columns">
      ${me || config.own ? html`<${Navigation} current=${place.page} isOwnOnly=${!me} />` : null}
      ${
        needsLogin
          ? html`<${Login} reason=${error.message} enter=${enter} />`
          : html`<${Main} title=${title} key=${title}>${
              error && !me && place.page !== 'own'
                ? html`<${Failure} error=${error} />`
                : me || place.page === 'own'
                  ? html`<${Page} place=${place} />`
                  : html`<p>Loading…</p>`
            }<//>`
      }
    </div>
    <${DialogHost} />
  <//>`;
}

/** Each page begins at its heading, also for the keyboard. */
function Main({ title, children }: { title: string; children?: unknown }): VNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${config.title}`;
    if (document.activeElement?.closest('nav')) heading.current?.focus();
  }, [title]);
  return html`<main id="main" tabindex="-1"><h1 ref=${heading} tabindex="-1">${title}</h1>${children}</main>`;
}

function Navigation({ current, isOwnOnly }: { current: string; isOwnOnly: boolean }): VNode {
  const shown = Object.entries(pages).filter(([name]) => !isOwnOnly || name === 'own');
  const bar = useRef<HTMLElement>(null);
  // On narrow screens the bar scrolls sideways.
  useEffect(() => {
    bar.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [current]);
  return html`<nav ref=${bar} class="pages" aria-label="Pages of the dashboard"><ul>${shown.map(
    ([name, [title]]) =>
      html`<li key=${name}><a href=${`#/${name}`} aria-current=${(pages[current] ? current : 'now') === name ? 'page' : undefined}>${title}</a></li>`,
  )}</ul></nav>`;
}

function Login({ reason, enter }: { reason: string; enter: () => void }): VNode {
  const id = useId();
  const [error, setError] = useState<Error>();
  const begin = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const key = String(new FormData(form).get('key') ?? '').trim();
    form.reset();
    try {
      await login(key);
      enter();
    } catch (failed) {
      setError(failed instanceof Error ? failed : new Error(String(failed)));
    }
  };
  return html`<main id="main" tabindex="-1" class="login"><h1>Log in</h1>
    ${
      config.login
        ? html`<form onSubmit=${begin}>
          <div class="stacked"><label for=${id}>Admin key</label><input id=${id} name="key" type="password" autocomplete="current-password" required /></div>
          ${error ? html`<${Failure} error=${error} />` : null}
          <button type="submit" class="primary">Log in</button>
          ${config.own ? html`<p><a href="#/own">Only my own usage</a></p>` : null}
        </form>`
        : html`<${Failure} error=${new Error(reason)} />`
    }
  </main>`;
}

function Theme(): VNode {
  const id = useId();
  const [theme, set] = usePreference('theme', 'system');
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    dispatchEvent(new Event('tollgate-theme'));
  }, [theme]);
  return html`<span class="field theme"><label for=${id}>Theme</label>
    <select id=${id} onChange=${(event: Event) => set((event.currentTarget as HTMLSelectElement).value)}>${[
      'system',
      'light',
      'dark',
    ].map((one) => html`<option value=${one} selected=${one === theme}>${one}</option>`)}</select></span>`;
}

const root = document.getElementById('app');
if (root) render(html`<${App} />`, root);
