import autocannon from 'autocannon';
import { quantile } from './statistics.js';

/** What is sent, over and over. */
export interface Load {
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly body?: string;
  /** Headers of the requests, which take turns: several callers. */
  readonly headers: readonly Readonly<Record<string, string>>[];
  readonly connections: number;
  /** Requests that are sent each second, of all connections together. @defaultValue as many as are answered */
  readonly perSecond?: number | undefined;
}

/** What one run of a load has seen from outside. Times in milliseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sends a load for some seconds; throws when an answer is anything but 2xx, since a refusal is cheaper than the work. */
export async function runLoad(url: string, load: Load, seconds: number): Promise<LoadResult> {
  const { path, method = 'POST', body, headers, connections, perSecond } = load;
  const timesMs: number[] = [];
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const running = autocannon(
      {
        url,
        connections,
        duration: seconds,
        ...(perSecond === undefined ? {} : { overallRate: perSecond }),
        requests: headers.map((each) => ({
          method,
          path,
          headers: { ...each },
          ...(body === undefined ? {} : { body }),
        })),
      },
      (error: unknown, done) => (error ? reject(error) : resolve(done)),
    );
    running.on('response', (_client, _status, _bytes, timeMs) => timesMs.push(timeMs));
  });
  if (result.non2xx > 0 || result.errors > 0 || timesMs.length === 0) {
    throw new Error(
      `${url}${path}: ${result.non2xx} answers were not 2xx, ${result.errors} failed, of ${timesMs.length}`,
    );
  }
  return {
    requests: timesMs.length,
    seconds: result.duration,
    p50Ms: quantile(timesMs, 0.5),
    p99Ms: quantile(timesMs, 0.99),
  };
}
