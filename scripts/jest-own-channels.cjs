/**
 * Run before each test file: gives the file its own diagnostics channels. Channels belong to the process, not to Jest's context of a file: an
 * app that an earlier file has not closed would hear this file's apps, and they would hear it.
 */
const diagnostics = require('node:diagnostics_channel');

const real = Symbol.for('tollgate.tests.diagnostics');
diagnostics[real] ??= { ...diagnostics };
diagnostics[real].files = (diagnostics[real].files ?? 0) + 1;
const { channel, subscribe, unsubscribe, hasSubscribers, files } = diagnostics[real];
const own = (name) =>
  typeof name === 'string' && name.startsWith('tollgate:') ? `${name} of file ${files}` : name;

diagnostics.channel = (name) => channel(own(name));
diagnostics.subscribe = (name, listener) => subscribe(own(name), listener);
diagnostics.unsubscribe = (name, listener) => unsubscribe(own(name), listener);
diagnostics.hasSubscribers = (name) => hasSubscribers(own(name));
