import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Moderator } from '../moderator.js';
import { recordIn, recordsIn, serviceModerator } from './moderation-service.js';
import { acceptsServiceUrl, type ServiceOptions, serviceChecks } from './service-options.js';

/** Options of {@link openAiModeration}. */
export interface OpenAiModerationOptions extends ServiceOptions {
  /** A key of OpenAI's API. */
  apiKey: string;
  /** @defaultValue 'omni-moderation-latest' */
  model?: string;
  /** Categories that count, e.g. `['violence/graphic', 'self-harm']`. @defaultValue all that OpenAI flags */
  categories?: readonly string[];
  /** @defaultValue 'https://api.openai.com/v1' */
  baseUrl?: string;
}

/**
 * A moderator: OpenAI's moderation endpoint, which is free of charge (platform.openai.com/docs/guides/moderation). All texts of a body are sent to it
 * in one request. Kinds: `moderation.<category>`. Throws a `TypeError` for a wrong option.
 */
export function openAiModeration(options: OpenAiModerationOptions): Moderator {
  checkOptions<OpenAiModerationOptions>(
    'openAiModeration',
    options,
    {
      ...serviceChecks,
      apiKey: accepts.string,
      model: accepts.string,
      categories: accepts.someOf(accepts.string),
      baseUrl: acceptsServiceUrl,
    },
    ['apiKey'],
  );
  const {
    apiKey,
    model = 'omni-moderation-latest',
    categories,
    baseUrl = 'https://api.openai.com/v1',
  } = options;
  const counts = (category: string): boolean => categories === undefined || categories.includes(category);
  return serviceModerator(
    {
      name: 'openai-moderation',
      request: (texts) => ({
        url: `${baseUrl.replace(/\/$/, '')}/moderations`,
        headers: { authorization: `Bearer ${apiKey}` },
        body: { model, input: texts },
      }),
      objections: (answer, texts) => {
        const results = recordsIn(recordIn(answer, 'answer').results, 'results');
        if (results.length !== texts.length) throw new TypeError('results: one was expected for each text');
        const flagged = results.flatMap((result) => {
          if (typeof result.flagged !== 'boolean')
            throw new TypeError('results: "flagged" was expected in each');
          const named = Object.entries(recordIn(result.categories, 'categories'));
          const found = named.filter(([category, is]) => is === true && counts(category));
          if (!result.flagged && found.length === 0) return [];
          return found.length > 0 || categories ? found.map(([category]) => category) : ['other'];
        });
        return flagged.length > 0 ? flagged.map((category) => `moderation.${category}`) : undefined;
      },
    },
    options,
  );
}
