import type {
  CoverRequest,
  ExtendRequest,
  QuotaAlternative,
  ReserveRequest,
  ReserveResult,
} from '@tollgate/core/internal';
import { questionOf } from '../wire/admission-wire.js';
import { type HeldLease, heldLeaseOf, type Step, type Taken } from '../wire/held-lease.js';
import type { QuietCharge, QuietRenewal } from '../wire/quiet-requests.js';

interface Entry {
  readonly request: ReserveRequest;
  aliveUntilMs: number;
  readonly steps: Step[];
}

/** The live reservations of this process, with the operations on them: their state is computed only when needed. */
export class LeaseBook {
  /** The longest requested lease; at least the time that a process needs to reconnect to a server. */
  longestMs = 5_000;
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  /** `now`: a monotonic clock, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  reserved(request: ReserveRequest, askedAtMs: number, result: ReserveResult): void {
    if (!result.ok || (this.#entries.get(request.id)?.aliveUntilMs ?? 0) > this.#now()) return;
    const { attemptId, leaseMs } = request;
    this.longestMs = Math.max(this.longestMs, leaseMs);
    const taken = takenOf(request.alternatives, result, false);
    const steps: Step[] = [{ kind: 'take', attemptId, question: '', taken }];
    this.#entries.set(request.id, { request, aliveUntilMs: askedAtMs + leaseMs, steps });
  }

  extended(request: ExtendRequest, askedAtMs: number, result: ReserveResult): void {
    const entry = this.#entries.get(request.id);
    if (!result.ok) this.#entries.delete(request.id);
    if (!entry || !result.ok) return;
    const { attemptId } = entry.request;
    const taken = takenOf([request], result, false);
    take(entry, askedAtMs, { kind: 'take', attemptId, question: questionOf(request.charges), taken });
  }

  covered(request: CoverRequest, askedAtMs: number, result: ReserveResult): void {
    const entry = this.#entries.get(request.id);
    if (!entry || !result.ok) return;
    const { attemptId, alternatives } = request;
    const taken = takenOf(alternatives, result, true);
    take(entry, askedAtMs, { kind: 'take', attemptId, question: attemptId, taken });
  }

  charged(request: QuietCharge): void {
    if (request.close) this.#entries.delete(request.id);
    else this.#entries.get(request.id)?.steps.push({ kind: 'charge', request });
  }

  drawn(renewal: QuietRenewal, charge: QuietCharge): void {
    const steps = this.#entries.get(charge.id)?.steps;
    steps?.push({ kind: 'renew', request: renewal }, { kind: 'charge', request: charge });
  }

  renewed(request: QuietRenewal, askedAtMs: number, alive: boolean): void {
    const entry = this.#entries.get(request.id);
    if (!entry) return;
    if (!alive) this.#entries.delete(request.id);
    entry.aliveUntilMs = askedAtMs + entry.request.leaseMs;
    const last = entry.steps.at(-1);
    // A heartbeat contains everything of the one before it.
    if (last?.kind === 'renew' && isSame(last.request, request)) entry.steps.pop();
    entry.steps.push({ kind: 'renew', request });
  }

  closed(id: string): void {
    this.#entries.delete(id);
  }

  /** Those that have not expired, in the partitions selected by `belongs`. */
  live(belongs: (partition: string) => boolean): HeldLease[] {
    const leases: HeldLease[] = [];
    for (const [id, { request, aliveUntilMs, steps }] of this.#entries) {
      if (aliveUntilMs <= this.#now()) this.#entries.delete(id);
      else if (belongs(request.partition)) leases.push(heldLeaseOf(request, steps));
    }
    return leases;
  }

  /** Forgets those that have run out. */
  tidy(): void {
    this.live(() => false);
  }
}

/** Once: a repeated request got the first result, and holds no more. */
function take(entry: Entry, askedAtMs: number, step: Extract<Step, { kind: 'take' }>): void {
  if (entry.steps.some((known) => known.kind === 'take' && known.question === step.question)) return;
  entry.aliveUntilMs = askedAtMs + entry.request.leaseMs;
  entry.steps.push(step);
}

function takenOf(alternatives: readonly QuotaAlternative[], result: Taken['result'], covers: boolean): Taken {
  const chosen = alternatives[result.alternative];
  return { charges: chosen?.charges ?? [], result, event: chosen?.event, covers };
}

const isSame = (one: QuietRenewal, other: QuietRenewal): boolean =>
  one.running.every(({ attemptId }) => other.running.some((running) => running.attemptId === attemptId));
