import type { EnforcedLimits } from './enforced-limits.js';
import { DEFAULT_MODELS } from './openai-models.js';
import type { ReceivedRequest } from './received-request.js';
import type { Script } from './script.js';
import { checkScript } from './script-check.js';

/** Chooses the script of a request; undefined is the plain, well-behaved answer. */
export type ScriptChooser = (request: ReceivedRequest) => Script | undefined;

/** Options of {@link simulateProvider}. */
export interface SimulatedProviderOptions {
  /** Port on loopback. @defaultValue 0 (any free one) */
  port?: number;
  /** How every request is answered that no queued script is for. @defaultValue {} */
  script?: Script | ScriptChooser;
  /** Keys that are accepted, in any of `Authorization: Bearer`, `x-api-key`, `api-key`, `x-goog-api-key` and `?key=`. Default: no key is asked for. */
  apiKeys?: readonly string[];
  /** Models that GET /v1/models lists. */
  models?: readonly string[];
  /** Whether a model that is not listed is a 404. @defaultValue false */
  onlyListedModels?: boolean;
  /** Azure: the model of each deployment. Default: its own name. */
  deployments?: Readonly<Record<string, string>>;
  /** Requests kept for inspection; of older ones only the totals are. @defaultValue Infinity */
  keepRequests?: number;
  /** Answers a repeated body with the bytes made for the first one, ids included: for benchmarks. Needs a constant script. @defaultValue false */
  precompute?: boolean;
  /** Rate limits that it keeps to, for each key and model: stated in the headers, and answered with 429. Default: none. */
  limits?: EnforcedLimits;
  /** Clock, in milliseconds since the epoch. @defaultValue Date.now */
  now?: () => number;
}

const NAMES = new Set([
  'port',
  'script',
  'apiKeys',
  'models',
  'onlyListedModels',
  'deployments',
  'keepRequests',
  'precompute',
  'limits',
  'now',
]);

/** The options, checked, with their defaults. */
export type ProviderSettings = Required<Omit<SimulatedProviderOptions, 'apiKeys' | 'limits'>> & {
  apiKeys: readonly string[] | undefined;
  limits: EnforcedLimits | undefined;
};

/** The options with their defaults; throws on a wrong or unknown one. */
export function readProviderOptions(options: SimulatedProviderOptions): ProviderSettings {
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name)) throw new TypeError(`simulateProvider: unknown option "${name}"`);
  }
  const { port = 0, script = {}, keepRequests = Number.POSITIVE_INFINITY } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new TypeError(
      `simulateProvider: "port" must be an integer from 0 to 65535, received ${String(port)}`,
    );
  if (!(keepRequests >= 1))
    throw new TypeError(
      `simulateProvider: "keepRequests" must be at least 1, received ${String(keepRequests)}`,
    );
  if (typeof script !== 'function') checkScript(script);
  return {
    port,
    script,
    apiKeys: options.apiKeys,
    limits: options.limits,
    models: options.models ?? DEFAULT_MODELS,
    onlyListedModels: options.onlyListedModels ?? false,
    deployments: options.deployments ?? {},
    keepRequests,
    precompute: options.precompute ?? false,
    now: options.now ?? Date.now,
  };
}
