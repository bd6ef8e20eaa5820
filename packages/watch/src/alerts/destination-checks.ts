import { accepts, type OptionChecks } from '@tollgate/core/internal';
import type { DestinationOptions } from './destination.js';
import { severities } from './incident.js';

/** The checks of the options that all destinations share, to spread into those of one. */
export const destinationChecks = Object.freeze({
  name: (value: unknown) =>
    (typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value)) ||
    '1 to 64 letters, digits, dots, dashes and underscores',
  atLeast: accepts.oneOf(...severities),
}) satisfies OptionChecks<DestinationOptions>;
