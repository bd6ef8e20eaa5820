import { posix } from 'node:path';
import { type HousePackage, importsOf, isTest, type Manifest, packageOf } from './house.js';

const storeys: string[][] = [
  ['core'],
  ['wire', 'create-tollgate'],
  [
    'auth',
    'rate-limit',
    'concurrency',
    'jobs',
    'guardrails',
    'cache',
    'meter',
    'budget',
    'upstream',
    'watch',
    'telemetry',
    'redis',
    'postgres',
    'billing',
    'simulator',
  ],
  ['reports'],
  ['admin'],
  ['dashboard'],
  ['cli'],
  ['tollgate'],
];
const testkit = '@tollgate/testkit';
/** Packages that all others may use in their tests. */
const forTests: readonly string[] = [testkit, '@tollgate/simulator'];
const unscoped: readonly string[] = ['tollgate', 'create-tollgate'];
const nameOf = (short: string): string => (unscoped.includes(short) ? short : `@tollgate/${short}`);
const storeyOf = new Map(
  storeys.flatMap((names, storey) => names.map((short) => [nameOf(short), storey] as const)),
);
const isOurs = (name: string): boolean => name === 'tollgate' || name.startsWith('@tollgate/');

/** What a package may not depend on: anything of its own storey or above, and the testkit. */
function mayNotUse(user: string, used: string): boolean {
  const own = storeyOf.get(user);
  const other = storeyOf.get(used);
  return isOurs(used) && used !== user && (own === undefined || other === undefined || other >= own);
}

/** Sentences about packages that stand on no storey, or depend upwards, sideways or on the testkit at run time. */
export function storeyViolations({ manifest, files }: HousePackage): string[] {
  if (manifest.name === testkit) return [];
  if (!storeyOf.has(manifest.name)) return [`${manifest.name} stands on no storey`];
  const found: string[] = [];
  for (const used of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    if (mayNotUse(manifest.name, used)) found.push(`${manifest.name} may not depend on ${used}`);
  }
  for (const used of Object.keys(manifest.devDependencies ?? {})) {
    if (!forTests.includes(used) && mayNotUse(manifest.name, used))
      found.push(`${manifest.name} may not depend on ${used} in development`);
  }
  for (const file of files) {
    for (const specifier of importsOf(file)) {
      const used = packageOf(specifier);
      if (used === undefined || (forTests.includes(used) && isTest(file))) continue;
      if (mayNotUse(manifest.name, used))
        found.push(`${manifest.name}: ${file.path} may not import ${specifier}`);
    }
  }
  return found;
}

function declaredBy(manifest: Manifest, development: Manifest | undefined): Set<string> {
  const own = { ...manifest.dependencies, ...manifest.peerDependencies };
  const more = development ? { ...manifest.devDependencies, ...development.devDependencies } : {};
  return new Set([
    manifest.name,
    ...Object.keys(own),
    ...Object.keys(more),
    ...Object.keys(manifest.imports ?? {}),
  ]);
}

/** Sentences about imports that leave their package, or name one that the manifest does not declare. */
export function importViolations({ manifest, files }: HousePackage, rootManifest: Manifest): string[] {
  const atRunTime = declaredBy(manifest, undefined);
  const inTests = declaredBy(manifest, rootManifest);
  const found: string[] = [];
  for (const file of files) {
    const declared = file.path.startsWith('src/') ? atRunTime : inTests;
    for (const specifier of importsOf(file)) {
      const used = packageOf(specifier);
      if (used !== undefined && !declared.has(used))
        found.push(`${manifest.name}: ${file.path} imports ${used}, undeclared`);
      if (specifier.startsWith('.') && posix.join(posix.dirname(file.path), specifier).startsWith('..')) {
        found.push(`${manifest.name}: ${file.path} imports ${specifier}, outside its package`);
      }
    }
  }
  return found;
}

/** Pairs of folders of a package's `src` that import from each other, as `a <-> b`; `index.ts` at the top may import from all. */
export function foldersInBothDirections({ files }: HousePackage): string[] {
  const edges = new Set<string>();
  for (const file of files) {
    if (!file.path.startsWith('src/') || /^src\/(?:index|internal)\.ts$/.test(file.path)) continue;
    const from = posix.dirname(file.path);
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) edges.add(`${from} ${posix.dirname(posix.join(from, specifier))}`);
    }
  }
  return [...edges]
    .map((edge) => edge.split(' ') as [string, string])
    .filter(([from, to]) => from < to && edges.has(`${to} ${from}`))
    .map(([from, to]) => `${from} <-> ${to}`)
    .sort();
}

/** Groups of a package's files that import each other in a circle, types included, each as its sorted paths. */
export function circlesOfFiles({ files }: HousePackage): string[][] {
  const sources = files.filter(({ path }) => path.startsWith('src/'));
  const known = new Set(sources.map(({ path }) => path));
  const imported = new Map(
    sources.map((file) => {
      const paths = importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, '.ts'));
      return [file.path, paths.filter((path) => known.has(path))] as const;
    }),
  );
  const reached = new Map([...known].map((path) => [path, reachableFrom(path, imported)]));
  const circles = new Map<string, string[]>();
  for (const path of known) {
    const circle = [...known].filter(
      (other) => reached.get(path)?.has(other) && reached.get(other)?.has(path),
    );
    if (circle.length > 0) circles.set(circle.join(), circle.sort());
  }
  return [...circles.values()];
}

function reachableFrom(from: string, imported: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>();
  const next = [...(imported.get(from) ?? [])];
  for (let path = next.pop(); path !== undefined; path = next.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    next.push(...(imported.get(path) ?? []));
  }
  return reached;
}
