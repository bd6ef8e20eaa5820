import type { AdminOptions, Sessions } from '@tollgate/admin';
import { accepts, checkOptions } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';

/** Options of {@link dashboard}: those of `admin()`, and: */
export interface DashboardOptions extends AdminOptions {
  /**
   * A form to log in with a key: `guards` verify the credential of `Authorization`, then `sessions` begin one. Give the `authorize` of the same
   * sessions. @defaultValue none (your app has its own login)
   */
  login?: { guards: readonly RequestHandler[]; sessions: Pick<Sessions, 'begin' | 'end'> };
  /** The name in the heading. @defaultValue 'Tollgate' */
  title?: string;
  /** The URL of `tg.usage()` for key holders, absolute or relative to the page. @defaultValue none */
  own?: string;
  /** The same of `tg.usageHistory()`. @defaultValue none */
  history?: string;
}

const acceptsUrl = (value: unknown): true | string =>
  (typeof value === 'string' && /^(?:\/(?!\/)|\.{1,2}\/)[^\s\\]*$/.test(value)) ||
  'a path on this server, such as "/v1/usage" or "../v1/usage"';

/** Throws a `TypeError` for a wrong or unknown option; those of `admin()` are checked there. */
export function readOptions({ login, title, own, history, ...api }: DashboardOptions): {
  readonly api: AdminOptions;
  readonly login: DashboardOptions['login'];
  readonly title: string;
  readonly paths: { readonly own?: string; readonly history?: string };
} {
  checkOptions<Pick<DashboardOptions, 'login' | 'title' | 'own' | 'history'>>(
    'dashboard',
    {
      ...(login !== undefined && { login }),
      ...(title !== undefined && { title }),
      ...(own !== undefined && { own }),
      ...(history !== undefined && { history }),
    },
    {
      login: (value) => isLogin(value) || 'an object { guards, sessions }, with the result of sessions()',
      title: accepts.string,
      own: acceptsUrl,
      history: acceptsUrl,
    },
  );
  const paths = { ...(own !== undefined && { own }), ...(history !== undefined && { history }) };
  return { api, login, title: title ?? 'Tollgate', paths };
}

function isLogin(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { guards, sessions }: { guards?: unknown; sessions?: unknown } = value;
  const hasGuards =
    Array.isArray(guards) && guards.length > 0 && guards.every((one) => typeof one === 'function');
  return hasGuards && accepts.methods('begin', 'end')(sessions) === true;
}
