/** The largest difference between local and universal time, rounded up: 16 hours, in milliseconds. */
const reachMs = 57_600_000;

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(timeZone, made);
  return made;
}

/**
 * The offset of local clocks from UTC at an instant, in milliseconds. Instants are ms since the epoch, not before it. Throws a `RangeError`
 * where the IANA time zone is unknown.
 */
export function zoneOffsetMs(timeZone: string, atMs: number): number {
  const secondMs = Math.floor(atMs / 1000) * 1000;
  let [year, month, day, hour, minute, second] = [0, 0, 0, 0, 0, 0];
  for (const { type, value } of formatterOf(timeZone).formatToParts(secondMs)) {
    if (type === 'year') year = Number(value);
    else if (type === 'month') month = Number(value);
    else if (type === 'day') day = Number(value);
    else if (type === 'hour') hour = Number(value);
    else if (type === 'minute') minute = Number(value);
    else if (type === 'second') second = Number(value);
  }
  return Date.UTC(year, month - 1, day, hour, minute, second) - secondMs;
}

/** The instant in `(fromMs, toMs]` at which the offset changes; `undefined` where both ends have the same. */
export function zoneTransitionMs(timeZone: string, fromMs: number, toMs: number): number | undefined {
  const before = zoneOffsetMs(timeZone, fromMs);
  if (zoneOffsetMs(timeZone, toMs) === before) return undefined;
  let [low, high] = [Math.floor(fromMs / 1000), Math.ceil(toMs / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zoneOffsetMs(timeZone, middle * 1000) === before) low = middle;
    else high = middle;
  }
  return high * 1000;
}

/**
 * The first instant at which local clocks show `localMs` or later (a local time, written as if it were UTC). Where clocks are put forward
 * over it, the moment of that change; where they are put back over it, the first of the two.
 */
export function firstInstantAtLocal(timeZone: string, localMs: number): number {
  const [fromMs, toMs] = [localMs - reachMs, localMs + reachMs];
  const transitionMs = zoneTransitionMs(timeZone, fromMs, toMs);
  const before = localMs - zoneOffsetMs(timeZone, fromMs);
  if (transitionMs === undefined || before < transitionMs) return before;
  return Math.max(transitionMs, localMs - zoneOffsetMs(timeZone, transitionMs));
}
