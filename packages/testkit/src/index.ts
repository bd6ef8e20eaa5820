export { findChromium } from './chromium-install.js';
export { createManualClock, type ManualClock, type ManualTimer } from './clock.js';
export type { FaultMode } from './fault-mode.js';
export { type FaultProxy, type FaultProxyOptions, faultProxy } from './fault-proxy.js';
export { freePort } from './free-port.js';
export { type PostgresProcess, startPostgres } from './postgres-process.js';
export { hasPrometheus, type PrometheusProcess, startPrometheus } from './prometheus-process.js';
export { usageEvent } from './quota-fixture.js';
export { type Answer, type Received, type Receiver, startReceiver } from './receiver.js';
export { type RedisCluster, type RedisClusterOptions, startRedisCluster } from './redis-cluster.js';
export { type RedisProcess, type RedisProcessOptions, startRedis } from './redis-process.js';
export { type RedisSentinel, startRedisSentinel } from './redis-sentinel.js';
export {
  type SimulatedStripe,
  type SimulatedStripeOptions,
  type StripeFault,
  simulateStripe,
} from './stripe/simulate-stripe.js';
export type { StripeMeterEvent } from './stripe/stripe-meter-books.js';
export { tapWire, type WireTap } from './wire-tap.js';
