import type { RouteCandidate, RouteInputs } from '../../src/index.js';

/** A candidate that is fine in every way. */
export const candidate = (target: string, more: Partial<RouteCandidate> = {}): RouteCandidate => ({
  target,
  quality: 1,
  allowed: true,
  takes: true,
  costNanoUsd: 1_000,
  firstTokenP50Ms: null,
  firstTokenP95Ms: null,
  tokensPerSecond: null,
  health: 'up',
  hasRoom: true,
  weight: 0,
  ...more,
});

/** Inputs without targets, for a task that nobody restricts. */
export const inputs = (candidates: RouteCandidate[], more: Partial<RouteInputs> = {}): RouteInputs => ({
  task: 'simple',
  taskBy: 'default',
  quality: 0,
  firstTokenMs: null,
  maxCostNanoUsd: null,
  inputTokens: 100,
  outputTokens: 100,
  nanoUsdPerSecond: 0,
  candidates,
  canary: null,
  stuckTo: null,
  draw: 0.5,
  ...more,
});
