import { BoundedMap } from '../features/bounded-map.js';
import { CredentialFailures } from '../features/credential-failures.js';
import { everybody, type Subject } from '../features/subject.js';
import { Highs } from '../statistics/highs.js';
import { RollingSum } from '../statistics/rolling-sum.js';
import { credentialStuffing } from './credential-stuffing.js';
import type { Suspicion } from './finding.js';

const hourMs = 3_600_000;
/** Different wrong credentials of all networks in a usual hour, at most, and the deviation of their logarithm. */
const usualFailuresInAnHour = 15;
const deviationOfFailures = 0.35;
/** Networks remembered at most: clients choose theirs, and one with many wrong credentials takes about 20 kB. */
const mostNetworks = 10_000;

/** How the credentials of a request fared. */
export interface Presented {
  readonly network: string;
  /** A keyed digest of the presented credential; absent where there was none. */
  readonly digest: string | undefined;
  readonly isWrong: boolean;
  readonly tenant: string | undefined;
  readonly keyId: string | undefined;
  /** The name of the client's software without its version, from the header `user-agent`. */
  readonly agent?: string | undefined;
}

/** Different wrong credentials of a day for which an unknown network is blocked during an attack: a person may mistype one or two. */
const leastInAttack = 3;

/** Wrong credentials, by network and of all networks together. */
export class CredentialWatch {
  readonly #networks: BoundedMap<CredentialFailures>;
  /** Networks from which good credentials have come. */
  readonly #good: BoundedMap<true>;
  readonly #allFailures = new RollingSum(hourMs);
  readonly #usualFailures = new Highs();
  /** Until when wrong credentials come from everywhere. */
  #attackUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    mostSubjects: number,
    private readonly found: (subject: Subject, nowMs: number, suspicion: Suspicion | undefined) => void,
  ) {
    this.#networks = new BoundedMap(Math.min(mostSubjects, mostNetworks));
    this.#good = new BoundedMap(mostSubjects);
  }

  /** Good credentials came from this network, now or before a restart. */
  known(network: string): void {
    this.#good.use(network, () => true);
  }

  presented({ network, digest, isWrong }: Presented, nowMs: number): void {
    const failures = this.#networks.use(network, () => new CredentialFailures());
    if (!isWrong || digest === undefined) {
      failures.successes.add(nowMs, isWrong ? 0 : 1);
      if (!isWrong) this.known(network);
      return;
    }
    const knew = failures.slow.count(nowMs);
    failures.fail(nowMs, digest);
    this.found({ kind: 'network', name: network }, nowMs, credentialStuffing(failures, nowMs));
    if (failures.slow.count(nowMs) > knew) this.#everywhere(failures, network, nowMs);
  }

  /** Many networks with few failures each: the same attack, spread out. While it lasts, three are enough of an unknown network. */
  #everywhere(failures: CredentialFailures, network: string, nowMs: number): void {
    this.#allFailures.add(nowMs, 1);
    const seen = this.#allFailures.sum(nowMs);
    this.#usualFailures.see(nowMs, seen);
    const expected = Math.max(this.#usualFailures.usual(nowMs) ?? 0, usualFailuresInAnHour);
    const features = [{ feature: 'credentialsFailedInAnHour', expected, seen }];
    const score = Math.log(seen / expected) / deviationOfFailures;
    if (score >= 4) {
      this.#attackUntilMs = nowMs + hourMs;
      this.found(everybody, nowMs, { detector: 'credential-stuffing', score, features });
    }
    if (nowMs >= this.#attackUntilMs || this.#good.peek(network)) return;
    if (failures.slow.count(nowMs) < leastInAttack) return;
    this.found({ kind: 'network', name: network }, nowMs, {
      detector: 'credential-stuffing',
      score: 8,
      features,
    });
  }
}
