import type { Script, StopPoint } from './script.js';

type Check = (value: unknown) => boolean;

const flag: Check = (value) => typeof value === 'boolean';
const text: Check = (value) => typeof value === 'string';
const count: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const positive: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value > 0;
const duration: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const record: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const oneOf =
  (...values: string[]): Check =>
  (value) =>
    typeof value === 'string' && values.includes(value);
const isStop = (value: unknown): value is StopPoint => value === 'before-headers' || record(value);
const stop: Check = (value) =>
  isStop(value) && (value === 'before-headers' || count(Object.values(value)[0]));

const CHECKS: { readonly [Field in keyof Required<Script>]: Check } = {
  text,
  tokens: count,
  ignoreCap: flag,
  toolCall: (value) => value === false || record(value),
  usage: record,
  responseModel: text,
  serviceTier: text,
  speed: text,
  contentFilter: oneOf('prompt', 'completion'),
  usageDeltas: (value) => count(value) && value !== 0,
  wrongUsage: (value) =>
    typeof value === 'function' ||
    oneOf('absent', 'null', 'zero', 'negative', 'string', 'absurd', 'fraction', 'twice')(value),
  firstByteDelayMs: duration,
  chunkDelayMs: duration,
  tokensPerSecond: positive,
  status: (value) => count(value) && Number(value) >= 400 && Number(value) <= 599,
  errorCode: text,
  retryAfterSeconds: duration,
  retryAfterMs: duration,
  hang: stop,
  reset: stop,
  resetWithRst: flag,
  end: stop,
  errorEventAfterChunks: count,
  finishesAlone: flag,
  redirectTo: text,
  closeConnection: oneOf('after-answer', 'on-next-request'),
  lineEnd: oneOf('\n', '\r\n', '\r'),
  comments: flag,
  dataSpace: flag,
  multiLineData: flag,
  done: flag,
  obfuscation: flag,
  pingEvery: count,
  hugeLineBytes: count,
  trailing: text,
  splitAt: (value) => Array.isArray(value) && value.every(count),
  chunkBytes: (value) => count(value) && value !== 0,
  slowDripMs: duration,
  gzip: flag,
  contentType: text,
  headers: record,
};

const isField = (key: string): key is keyof Script => Object.hasOwn(CHECKS, key);

/** Throws a TypeError that names the field and the received value: a misspelt fault would make its test pass without effect. */
export function checkScript(script: Script): Script {
  for (const [key, value] of Object.entries(script)) {
    if (!isField(key)) throw new TypeError(`simulateProvider: a script has no field "${key}"`);
    if (value !== undefined && !CHECKS[key](value)) {
      throw new TypeError(
        `simulateProvider: script field "${key}" cannot be ${JSON.stringify(value) ?? String(value)}`,
      );
    }
  }
  return script;
}
