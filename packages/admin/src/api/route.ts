import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { AppPart } from './admin-app.js';
import { nothing } from './fields.js';
import type { AdminIdentity, AdminRole } from './identity.js';
import type { Services } from './services.js';

/** A request of the API, checked. */
export interface Call<Query, Body> {
  readonly services: Services;
  readonly who: AdminIdentity;
  /** Whose figures: the identity's tenant, otherwise the one that the query names. Absent: all. */
  readonly tenant: string | undefined;
  /** By the names in the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
}

/** JSON, or a file. */
export type Answer =
  | { readonly status?: 200 | 201 | 202; readonly json: object }
  | { readonly file: Readable; readonly name: string; readonly contentType: string };

/** One route of the API: its checks, its documentation and its work in one place. */
export interface AdminRoute {
  readonly method: 'get' | 'post';
  /** With names in braces, `/keys/{key_id}/rotate`. */
  readonly path: string;
  /** One line for the OpenAPI document. */
  readonly summary: string;
  readonly role: AdminRole;
  /**
   * `own`: identities that are limited to a tenant get what belongs to it; the route itself checks what its body or path names. `all`: it
   * concerns all tenants, and those identities are refused (403).
   */
  readonly tenants: 'own' | 'all';
  /** The part of the app that it needs: 404 where the app has none. */
  readonly needs: AppPart | undefined;
  readonly query: z.ZodObject;
  /** Absent: the route takes none. */
  readonly body: z.ZodObject | undefined;
  /** What 2xx answers hold, by status; `undefined`: a file. */
  readonly answers: Readonly<Record<number, z.ZodType | undefined>>;
  /** Refusals beside those of every route. */
  readonly refusals: readonly number[];
  readonly run: (call: Call<unknown, unknown>) => Promise<Answer>;
}

type Declared<Query extends z.ZodObject, Body extends z.ZodObject> = Pick<
  AdminRoute,
  'method' | 'path' | 'summary' | 'role' | 'answers'
> & {
  readonly tenants?: AdminRoute['tenants'];
  readonly needs?: AdminRoute['needs'];
  readonly query?: Query;
  readonly body?: Body;
  readonly refusals?: readonly number[];
  readonly run: (call: Call<z.output<Query>, z.output<Body>>) => Promise<Answer>;
};

/** Declares a route; `tenants` is `own`, its query takes nothing, unless it says otherwise. */
export function route<Query extends z.ZodObject = typeof nothing, Body extends z.ZodObject = typeof nothing>(
  declared: Declared<Query, Body>,
): AdminRoute {
  const { tenants = 'own', needs, query = nothing, body, refusals = [], run, ...rest } = declared;
  return { ...rest, tenants, needs, query, body, refusals, run: (call) => run(call as never) };
}
