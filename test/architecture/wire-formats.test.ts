import { describe, expect, it } from '@jest/globals';
import { wireApis } from '@tollgate/wire';
import { readPackages } from './house.js';

/** Files beside `wire` that may name a format: its type, its translation, and which provider has which. */
const allowed: readonly string[] = [
  'packages/core/src/call/call.ts',
  'packages/meter/src/calls/recording.ts',
  'packages/upstream/src/call/translated-for.ts',
  'packages/upstream/src/provider/bedrock.ts',
  'packages/upstream/src/provider/provider-shapes.ts',
];

const named = new RegExp(`'(?:${wireApis.join('|')})'`);
const withoutComments = (text: string): string => text.replace(/^\s*(?:\/\*|\*|\/\/).*$/gm, '');

describe('the name of a wire format', () => {
  it('is only in wire, in the translation, and where providers are declared', () => {
    const files = readPackages('packages')
      .filter(({ manifest }) => !['@tollgate/wire', '@tollgate/simulator'].includes(manifest.name))
      .flatMap(({ folder, files }) =>
        files
          .filter(({ path, text }) => path.startsWith('src/') && named.test(withoutComments(text)))
          .map(({ path }) => `${folder}/${path}`),
      );
    expect(files.sort()).toEqual(allowed);
  });

  it.each(wireApis)('%s: only formats.ts imports its folder', (api) => {
    const wire = readPackages('packages').find(({ manifest }) => manifest.name === '@tollgate/wire');
    const users = (wire?.files ?? [])
      .filter(({ path, text }) => path.startsWith('src/') && text.includes(`/${api}/`))
      .map(({ path }) => path);
    expect(users).toEqual(['src/formats.ts']);
  });
});
