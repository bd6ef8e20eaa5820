/** What one request adds to its key's picture. */
export interface SeenRequest {
  readonly atMs: number;
  readonly promptChars: number;
  /** A digest: no prompt is kept. */
  readonly promptHash: string;
  readonly isRefused: boolean;
}

/** The columns of a row, in this order. */
export const featureNames = ['requests per minute', 'rhythm', 'prompt length', 'new prompts', 'refused'];

/** How many of a key's requests make a row. */
export const windowLength = 20;

/** One row of numbers about a key's last requests; `undefined` until there are enough of them. */
export function featuresOf(requests: readonly SeenRequest[]): number[] | undefined {
  if (requests.length < windowLength) return undefined;
  const gaps = requests.slice(1).map(({ atMs }, index) => atMs - (requests[index]?.atMs ?? atMs));
  const meanGapMs = mean(gaps);
  const spreadMs = Math.sqrt(mean(gaps.map((gap) => (gap - meanGapMs) ** 2)));
  return [
    60_000 / Math.max(meanGapMs, 1),
    spreadMs / Math.max(meanGapMs, 1), // a machine is regular: near 0
    mean(requests.map(({ promptChars }) => promptChars)),
    new Set(requests.map(({ promptHash }) => promptHash)).size / requests.length,
    mean(requests.map(({ isRefused }) => Number(isRefused))),
  ];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
