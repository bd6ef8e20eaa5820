/**
 * Compiles TypeScript for Jest, by swc. Node resolves each global in a test's context by a callback, a hundred times slower than a variable
 * (nodejs/node#31658); so each module copies those that it uses once, in front of its first line.
 */
import swc from '@swc/jest';

/** Globals that no test replaces: `Date`, timers and `fetch` are missing. */
export const globals = [
  'AbortController',
  'AbortSignal',
  'Array',
  'ArrayBuffer',
  'BigInt',
  'Boolean',
  'Buffer',
  'Error',
  'Float64Array',
  'Int32Array',
  'JSON',
  'Map',
  'Math',
  'Number',
  'Object',
  'Promise',
  'RangeError',
  'Reflect',
  'RegExp',
  'Set',
  'String',
  'Symbol',
  'TextDecoder',
  'TextEncoder',
  'TypeError',
  'URL',
  'Uint8Array',
  'WeakMap',
  'WeakSet',
  'performance',
  'process',
];

/** A name that is declared at the top of a module is the module's own. */
const declares = (source, name) =>
  new RegExp(`^(?:export )?(?:const|let|var|function|class) ${name}\\b|^import [^;]*\\b${name}\\b`, 'm').test(
    source,
  );

/** The source with its globals copied in front of its first line. */
export function withGlobals(source) {
  const used = globals.filter((name) => source.includes(name) && !declares(source, name));
  return used.length === 0 || source.startsWith('#!')
    ? source
    : `const { ${used.join(', ')} } = globalThis; ${source}`;
}

export default {
  createTransformer(options) {
    const { process, processAsync, getCacheKey, ...rest } = swc.createTransformer(options);
    return {
      ...rest,
      process: (source, ...more) => process(withGlobals(source), ...more),
      processAsync: (source, ...more) => processAsync(withGlobals(source), ...more),
      getCacheKey: (source, ...more) => getCacheKey(withGlobals(source), ...more),
    };
  },
};
