import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { adminRoutes } from '../src/admin.js';

describe('the README', () => {
  it('has every route with its role, and says which are closed to those who are limited to a tenant', () => {
    const text = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
    const rows = [...text.matchAll(/^\| (`(?:GET|POST) .*?) \| .*? \| (\w+) \| (.*?) \|$/gm)];
    const said = rows.flatMap(([, routes = '', role, limited]) =>
      [...routes.matchAll(/`(\w+) (\S+?)`/g)].map(([, method, path]) => [
        `${method} ${path}`,
        role,
        limited === 'no' ? 'all' : 'own',
      ]),
    );
    const actual = adminRoutes.map(({ method, path, role, tenants }) => [
      `${method.toUpperCase()} ${path}`,
      role,
      tenants,
    ]);
    expect(said.sort()).toEqual(actual.sort());
  });
});
