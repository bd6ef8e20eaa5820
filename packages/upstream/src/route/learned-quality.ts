/** After this time an outcome counts half, in ms: models and prompts change. */
const halfLifeMs = 7 * 24 * 3_600_000;
/** Requests whose outcome may still be reported. */
const mostRequests = 10_000;

/** The weighted outcomes of one model at one task. */
interface Outcomes {
  sum: number;
  weight: number;
  atMs: number;
}

/** Where a request was answered. */
interface Served {
  readonly task: string;
  readonly target: string;
}

/**
 * The quality of models by the outcomes that an app reports: the declared quality counts as `prior` outcomes, and reported ones fade with a
 * half-life of a week. So it begins at the declared figure, and returns to it when nothing is reported.
 */
export class LearnedQuality {
  readonly #outcomes = new Map<string, Outcomes>();
  readonly #requests = new Map<string, Served>();

  constructor(private readonly prior: number) {}

  /** A request is sent to a model, or was answered by it. */
  served(requestId: string, served: Served): void {
    this.#requests.delete(requestId);
    this.#requests.set(requestId, served);
    const [oldest] = this.#requests.keys();
    if (this.#requests.size > mostRequests && oldest !== undefined) this.#requests.delete(oldest);
  }

  /** `score`: 0 to 1. `false`: the request is not known here, or not any more. */
  add(requestId: string, score: number, nowMs: number): boolean {
    const served = this.#requests.get(requestId);
    if (!served) return false;
    this.#requests.delete(requestId);
    const name = nameOf(served);
    const { sum, weight } = faded(this.#outcomes.get(name), nowMs);
    this.#outcomes.set(name, { sum: sum + score, weight: weight + 1, atMs: nowMs });
    return true;
  }

  /** The quality of a model at a task, 0 to 1. */
  of(served: Served, declared: number, nowMs: number): number {
    const known = this.#outcomes.get(nameOf(served));
    if (!known) return declared;
    const { sum, weight } = faded(known, nowMs);
    return (declared * this.prior + sum) / (this.prior + weight);
  }
}

const nameOf = ({ task, target }: Served): string => `${task} ${target}`;

function faded(outcomes: Outcomes | undefined, nowMs: number): Pick<Outcomes, 'sum' | 'weight'> {
  if (!outcomes) return { sum: 0, weight: 0 };
  const share = 0.5 ** (Math.max(0, nowMs - outcomes.atMs) / halfLifeMs);
  return { sum: outcomes.sum * share, weight: outcomes.weight * share };
}
