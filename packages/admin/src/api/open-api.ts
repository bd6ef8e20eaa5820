import { z } from 'zod';
import type { AdminRoute } from './route.js';

const reasons: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Made',
  202: 'Stored; no process has confirmed yet that it applies it',
  400: 'A value is wrong; `error.param` names it',
  401: 'The request has no login',
  403: 'The role or the tenant does not allow it, or the request comes from a page of another origin',
  404: 'The resource does not exist, or this app lacks the part',
  413: 'The body is too large',
  415: 'The body is not JSON',
  429: 'Too many questions wait for the database',
  500: 'A fault of the server',
  503: 'A store cannot be asked at the moment',
};

const error = {
  type: 'object',
  required: ['error', 'request_id'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: ['string', 'null'] },
        code: { type: 'string' },
        resets_at: { type: 'string' },
      },
    },
    request_id: { type: 'string' },
  },
};

/** The statuses that a route may refuse with. */
function refusalsOf({
  method,
  refusals,
  path,
  role,
  tenants,
  needs,
  query,
  body,
}: AdminRoute): readonly number[] {
  const writes = method === 'post' ? [403, 413, 415] : [];
  const names = { ...query.shape, ...body?.shape };
  const limited = role !== 'viewer' || tenants === 'all' || 'tenant' in names ? [403] : [];
  const missing = needs !== undefined || path.includes('{') ? [404] : [];
  const stores = { ledger: [429, 503], registry: [429, 503], switch: [503], jobs: [503] };
  const away = path === '/overview' ? stores.ledger : needs === undefined ? [] : stores[needs];
  const all = [400, 401, 500, ...writes, ...limited, ...missing, ...away, ...refusals];
  return [...new Set(all)].sort((one, other) => one - other);
}

/** The OpenAPI 3.1 document of the routes. `version` is that of the package. */
export function openApi(routes: readonly AdminRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tollgate admin API',
      version,
      description:
        'Money is in US dollars as decimal text with up to nine decimals, times are ISO 8601 in UTC.',
    },
    servers: [{ url: '.' }],
    paths,
    components: { schemas: { Error: error } },
  };
}

function operationOf(route: AdminRoute): object {
  const { path, summary, role, tenants, query, body, answers } = route;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }));
  return {
    operationId: `${route.method}${path.replace(/[{}]/g, '').replace(/[/_-](\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    description: `Role: ${role}.${tenants === 'all' ? ' Not for access that is limited to one tenant.' : ''}`,
    parameters: [...inPath, ...parametersOf(query)],
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } },
    }),
    responses: Object.fromEntries([
      ...Object.entries(answers).map(([status, schema]) => [status, answerOf(Number(status), schema)]),
      ...refusalsOf(route).map((status) => [
        status,
        {
          description: reasons[status] ?? '',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      ]),
    ]),
  };
}

function answerOf(status: number, schema: z.ZodType | undefined): object {
  const description = reasons[status] ?? '';
  if (!schema) return { description, content: { '*/*': { schema: { type: 'string' } } } };
  return { description, content: { 'application/json': { schema: schemaOf(schema, 'output') } } };
}

function parametersOf(query: z.ZodObject): object[] {
  const { properties = {}, required = [] } = schemaOf(query, 'input');
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: 'query', required: required.includes(name), schema },
  }));
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): ObjectSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest as ObjectSchema;
}
