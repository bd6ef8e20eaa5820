import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { readPackages, root } from './house.js';

/** The names that users need of core. Names for sibling packages belong in `src/internal.ts`. */
const core = [
  ...['CacheStore', 'Caller', 'ClaimStore', 'KeyStore', 'Limit', 'LimitOverride', 'NanoUsd', 'Plan'],
  ...['PlanDeclaration', 'Plans', 'QuotaStore', 'SwitchStore', 'TollgateContext', 'TollgateError', 'Usage'],
  ...[
    'UsageEvent',
    'UsageSink',
    'answerError',
    'contextOf',
    'counterOf',
    'definePlans',
    'formatUsd',
    'guarded',
  ],
  ...[
    'inputTokens',
    'isTollgateError',
    'jsonBody',
    'memoryAlerts',
    'memoryCache',
    'memoryClaims',
    'memoryQuota',
  ],
  ...[
    'memorySwitch',
    'outputTokens',
    'parseUsd',
    'refuse',
    'refuseOrShadow',
    'requests',
    'spend',
    'subscribe',
  ],
  ...['tokens', 'tollgateErrors'],
];

/** The names that an app with `tollgate()` needs. Apps that chain the guards themselves import them from their packages. */
const umbrella = [
  ...['Caller', 'KeyStore', 'Mitigation', 'PlanDeclaration', 'Provider', 'Tollgate', 'TollgateContext'],
  ...[
    'TollgateError',
    'TollgateOptions',
    'UsageEvent',
    'UsageSink',
    'answerError',
    'anthropic',
    'azureOpenAI',
  ],
  ...['bedrock', 'bullJobs', 'callbackSink', 'childCredentials', 'contextOf', 'counterOf', 'createKey'],
  ...['database', 'definePlans', 'email', 'envKeys', 'exportEvents', 'fileSwitch', 'formatUsd'],
  ...['gemini', 'injection', 'isTollgateError', 'jsonLines', 'keyCallers', 'labels', 'memoryJobs'],
  ...[
    'memoryKeys',
    'memoryOverrides',
    'memoryQuota',
    'memorySwitch',
    'metrics',
    'openAiCompatible',
    'openai',
  ],
  ...['pagerDuty', 'pattern', 'personalData', 'priceCatalogue', 'pricing', 'proxy', 'registry'],
  ...['reports', 'resilience', 'resilient', 'router', 'secrets', 'slack', 'spend'],
  ...['storeHealth', 'subscribe', 'tollgate', 'webhook'],
];

/** Names, types included, that an index exports. */
function exportedNames(text: string): string[] {
  const source = ts.createSourceFile('index.ts', text, ts.ScriptTarget.Latest, false);
  return source.statements
    .flatMap((statement) =>
      ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)
        ? statement.exportClause.elements.map(({ name }) => name.text)
        : [],
    )
    .sort();
}

const sourceOf = (folder: string, path: string): string => {
  const found = readPackages('packages').find((one) => one.folder === folder);
  return found?.files.find((file) => file.path === path)?.text ?? '';
};

describe('the public names', () => {
  it('of core are these, at most 40', () => {
    expect(exportedNames(sourceOf('packages/core', 'src/index.ts'))).toEqual([...core].sort());
    expect(core.length).toBeLessThanOrEqual(40);
  });

  it('of the umbrella are these, at most 60', () => {
    expect(exportedNames(sourceOf('packages/tollgate', 'src/index.ts'))).toEqual([...umbrella].sort());
    expect(umbrella.length).toBeLessThanOrEqual(60);
  });

  const others = readPackages('packages').filter(
    ({ folder, manifest }) => !manifest.private && folder !== 'packages/core',
  );
  it.each(others.map(({ folder }) => folder))('of %s are in its README', (folder) => {
    const readme = readFileSync(join(root, folder, 'README.md'), 'utf8');
    const names = exportedNames(sourceOf(folder, 'src/index.ts'));
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(readme))).toEqual([]);
  });

  it('of core and its internal names do not overlap', () => {
    const internal = exportedNames(sourceOf('packages/core', 'src/internal.ts'));
    expect(internal.length).toBeGreaterThan(0);
    expect(internal.filter((name) => core.includes(name))).toEqual([]);
  });
});
