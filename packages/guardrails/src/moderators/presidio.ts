import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Moderator } from '../moderator.js';
import { recordsIn, serviceModerator } from './moderation-service.js';
import { acceptsServiceUrl, type ServiceOptions, serviceChecks } from './service-options.js';

/** Options of {@link presidio}. */
export interface PresidioOptions extends ServiceOptions {
  /** Where Presidio's analyzer runs, e.g. `http://localhost:5002`. */
  url: string;
  /** Language of the texts, as Presidio names it. @defaultValue 'en' */
  language?: string;
  /** Entities that are looked for, e.g. `['CREDIT_CARD', 'US_SSN']`. @defaultValue all that its recognizers know */
  entities?: readonly string[];
  /** Least score of an entity that counts, above 0 and at most 1. @defaultValue 0.5 */
  scoreThreshold?: number;
}

/**
 * A moderator: Microsoft Presidio's analyzer, which finds personal data and runs in your network (microsoft.github.io/presidio). The texts of a
 * body are sent as one, so that offsets are of no use: for redaction use `personalData()`. Kinds: `pii.<ENTITY>`. Throws a `TypeError` for a
 * wrong option.
 */
export function presidio(options: PresidioOptions): Moderator {
  checkOptions<PresidioOptions>(
    'presidio',
    options,
    {
      ...serviceChecks,
      url: acceptsServiceUrl,
      language: accepts.string,
      entities: accepts.someOf(accepts.string),
      scoreThreshold: accepts.share,
    },
    ['url'],
  );
  const { url, language = 'en', entities, scoreThreshold = 0.5 } = options;
  return serviceModerator(
    {
      name: 'presidio',
      request: (texts) => ({
        url: `${url.replace(/\/$/, '')}/analyze`,
        body: {
          text: texts.join('\n\n'),
          language,
          score_threshold: scoreThreshold,
          ...(entities && { entities }),
        },
      }),
      objections: (answer) => {
        const found = recordsIn(answer, 'entities').filter(({ score }) => {
          if (typeof score !== 'number') throw new TypeError('entities: "score" was expected in each');
          return score >= scoreThreshold;
        });
        return found.length > 0 ? found.map(({ entity_type: type }) => `pii.${String(type)}`) : undefined;
      },
    },
    options,
  );
}
