/**
 * Jest's resolver: the packages of this repository are loaded as the bundles that `jest-packages.mjs` makes, since Jest loads each module of
 * each test file again, at about a millisecond a module. Tests of core and of the testkit load sources, so that core exists once in them.
 */
const { dirname, join, sep } = require('node:path');

const root = dirname(__dirname);
const bundles = join(root, '.work/jest-modules/packages') + sep;
const onSources = ['core', 'testkit'].map((name) => join(root, 'packages', name) + sep);
const own = /^(?:@tollgate\/([^/]+)|(tollgate))(?:\/(.+))?$/;

module.exports = (request, options) => {
  const { basedir, defaultResolver } = options;
  const [, scoped, umbrella, entry = 'index'] = own.exec(request) ?? [];
  const name = scoped ?? umbrella;
  if (name?.startsWith('example-'))
    return defaultResolver(join(root, 'examples', name.slice('example-'.length), 'src/server.ts'), options);
  if (name !== undefined)
    return onSources.some((folder) => `${basedir}${sep}`.startsWith(folder))
      ? join(root, 'packages', name, 'src', `${entry}.ts`)
      : join(bundles, name, `${entry}.mjs`);
  // A bundle's dependencies are those of its package.
  if (!request.startsWith('.') && basedir.startsWith(bundles)) {
    const [from] = basedir.slice(bundles.length).split(sep);
    return defaultResolver(request, { ...options, basedir: join(root, 'packages', from) });
  }
  return defaultResolver(request, options);
};
