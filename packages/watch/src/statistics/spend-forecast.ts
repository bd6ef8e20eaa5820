const hourMs = 3_600_000;
const dayHours = 24;
const weekHours = 168;
/** Hours remembered: three weeks, from which the shape of a week is learned. */
const remembered = 3 * weekHours;
/** The latest hours tell the level, and are no part of the shape. */
const latestHours = 24;
/** Weight of the wider profile, in hours of evidence: of the same hour of all days of the kind, and of all hours. */
const prior = 1;
/** The least and the greatest uncertainty of the level, as a logarithm. */
const [leastSpread, mostSpread] = [0.08, 0.6];
/** The latest hours: those in which this share of a usual day is spent. */
const latestShare = 1 / 8;
/** Levels whose logarithms differ by no more are the same, and the deviation of a single hour's. */
const sameLevel = 0.25;
const hourSpread = 0.5;
/** A forecast looks ahead so far at most, in hours: two months. */
const farthest = 62 * dayHours;

/** When an amount is used up. */
export interface Forecast {
  /** ms since the epoch. */
  readonly reachedAtMs: number;
  /** It is between so much before and after that, about two times of three, in ms. */
  readonly withinMs: number;
}

/** The saved form of {@link SpendForecast}: the latest hour since the epoch, and US dollars by the hour, up to that one. */
export interface SavedForecast {
  readonly hour: number;
  readonly hours: readonly number[];
}

/** Spending by the hour: the shape of its week, its level now, and when an amount will be used up. The first hour of a week is a Thursday's, UTC. */
export class SpendForecast {
  /** By hour since the epoch, modulo their number. */
  #hours: number[] = [];
  #hour = Number.NaN;
  #firstHour = Number.NaN;
  /** Of the present hour: the hours that it is learned from are over. */
  #shape: readonly number[] | undefined;

  add(nowMs: number, usd: number): void {
    this.#roll(nowMs);
    const place = this.#hour % remembered;
    this.#hours[place] = (this.#hours[place] as number) + usd;
  }

  /** When `left` more is spent, with the nights and weekends until then. `undefined`: within two months it is not. */
  reached(nowMs: number, left: number): Forecast | undefined {
    this.#roll(nowMs);
    this.#shape ??= this.#learnedShape();
    const shape = this.#shape;
    const { level, spread } = this.#level(nowMs, shape);
    const hoursAt = (times: number): number =>
      hoursUntil(nowMs, left, (hour) => level * times * rateIn(shape, hour));
    const hours = hoursAt(1);
    if (hours > farthest) return undefined;
    const sooner = hoursAt(Math.exp(spread));
    const later = Math.min(hoursAt(Math.exp(-spread)), farthest);
    return { reachedAtMs: nowMs + hours * hourMs, withinMs: ((later - sooner) / 2) * hourMs };
  }

  save(): SavedForecast {
    const first = Math.max(this.#firstHour, this.#hour - remembered + 1);
    const count = Number.isNaN(first) ? 0 : this.#hour - first + 1;
    const hours = Array.from({ length: count }, (_, index) => Number(this.#of(first + index).toPrecision(4)));
    return { hour: count === 0 ? 0 : this.#hour, hours };
  }

  load({ hour, hours }: SavedForecast): void {
    if (hours.length === 0) return;
    this.#hours = new Array<number>(remembered).fill(0);
    this.#hour = hour;
    this.#firstHour = hour - hours.length + 1;
    this.#shape = undefined;
    for (const [index, usd] of hours.entries()) this.#hours[(this.#firstHour + index) % remembered] = usd;
  }

  #roll(nowMs: number): void {
    const hour = Math.floor(nowMs / hourMs);
    if (hour <= this.#hour) return;
    if (Number.isNaN(this.#firstHour)) this.#firstHour = hour;
    if (!(hour - this.#hour < remembered)) this.#hours = new Array<number>(remembered).fill(0);
    else for (let one = this.#hour + 1; one <= hour; one += 1) this.#hours[one % remembered] = 0;
    this.#hour = hour;
    this.#shape = undefined;
  }

  #of(hour: number): number {
    return this.#hours[hour % remembered] as number;
  }

  /** The usual spend of each hour of the week: of that hour, as far as it is known, of the same hour of other such days, of all hours. */
  #learnedShape(): number[] {
    // Whole days; without one, the hours that there are.
    const begun = Math.max(this.#firstHour, this.#hour - remembered + 1);
    const last = Math.floor((this.#hour - latestHours + 1) / dayHours) * dayHours;
    const first = Math.ceil(begun / dayHours) * dayHours;
    const sums = { week: new Profile(weekHours), day: new Profile(2 * dayHours), all: new Profile(1) };
    const scaleOf = this.#scales(first, last);
    for (let hour = first; hour < last; hour += 1) {
      const usd = this.#of(hour) / scaleOf(Math.floor(hour / dayHours));
      sums.week.add(hour % weekHours, usd);
      sums.day.add(dayKind(hour), usd);
      sums.all.add(0, usd);
    }
    const overall = sums.all.mean(0, 1, 0);
    return Array.from({ length: weekHours }, (_, hour) =>
      sums.week.mean(hour, sums.day.mean(dayKind(hour), overall, prior), prior),
    );
  }

  /** How much of its kind's usual each day spent: a week of high spending must not make its hours look busier than others. */
  #scales(first: number, last: number): (day: number) => number {
    const totals = new Map<number, number>();
    for (let hour = first; hour < last; hour += 1) {
      const day = Math.floor(hour / dayHours);
      totals.set(day, (totals.get(day) ?? 0) + this.#of(hour));
    }
    const kinds = [false, true].map((kind) =>
      medianOf([...totals].filter(([day, usd]) => isWeekend(day) === kind && usd > 0).map(([, usd]) => usd)),
    );
    return (day) => {
      const usual = kinds[Number(isWeekend(day))] ?? 0;
      const scale = usual > 0 ? (totals.get(day) ?? 0) / usual : 1;
      return scale > 0 ? scale : 1;
    };
  }

  /**
   * How many times the usual is spent now, and how certain that is: by the longest part of the last day whose level is that of the latest
   * hours, so that a rise counts at once and an even day as a whole.
   */
  #level(nowMs: number, shape: readonly number[]): { level: number; spread: number } {
    const known = Math.min(latestHours, this.#hour - this.#firstHour + 1);
    const usualDay = shape.reduce((sum, one) => sum + one, 0) / 7;
    let seen = 0;
    let usual = 0;
    let latest: number | undefined;
    let level = 0;
    let hours = 0;
    for (let ago = 0; ago < known; ago += 1) {
      const hour = this.#hour - ago;
      seen += this.#of(hour);
      usual += rateIn(shape, hour) * (ago === 0 ? (nowMs / hourMs) % 1 : 1);
      if (usual <= 0) continue;
      const here = seen / usual;
      const isEnough = usual >= latestShare * usualDay;
      if (isEnough) latest ??= here;
      // Further back the level was another one.
      if (latest !== undefined && Math.abs(Math.log(here / latest)) > sameLevel) break;
      level = here;
      hours = ago + 1;
    }
    const spread = hourSpread / Math.sqrt(Math.max(hours, 1));
    return { level, spread: Math.min(Math.max(spread, leastSpread), mostSpread) };
  }
}

/** Means by place, each with a prior. */
class Profile {
  readonly #sums: number[];
  readonly #counts: number[];

  constructor(size: number) {
    this.#sums = new Array<number>(size).fill(0);
    this.#counts = new Array<number>(size).fill(0);
  }

  add(place: number, amount: number): void {
    this.#sums[place] = (this.#sums[place] as number) + amount;
    this.#counts[place] = (this.#counts[place] as number) + 1;
  }

  mean(place: number, expected: number, weight: number): number {
    const count = (this.#counts[place] as number) + weight;
    return count > 0 ? ((this.#sums[place] as number) + weight * expected) / count : expected;
  }
}

/** The hour of the day, on weekdays and, behind those, at weekends. */
function dayKind(hour: number): number {
  return (isWeekend(Math.floor(hour / dayHours)) ? dayHours : 0) + (hour % dayHours);
}

/** Whether a day since the epoch, a Thursday, is a Saturday or a Sunday. */
function isWeekend(day: number): boolean {
  return day % 7 === 2 || day % 7 === 3;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? 0;
}

/** Spend in an hour; without any history, the same in all hours. */
function rateIn(shape: readonly number[], hour: number): number {
  return shape[hour % weekHours] as number;
}

/** Hours until an amount is spent; infinite beyond two months. */
function hoursUntil(nowMs: number, amount: number, rate: (hour: number) => number): number {
  if (amount <= 0) return 0;
  let left = amount;
  let passed = 0;
  const start = nowMs / hourMs;
  while (passed <= farthest) {
    const at = start + passed;
    const length = Math.floor(at) + 1 - at;
    const spent = rate(Math.floor(at)) * length;
    if (spent >= left) return passed + (length * left) / spent;
    left -= spent;
    passed += length;
  }
  return Number.POSITIVE_INFINITY;
}
