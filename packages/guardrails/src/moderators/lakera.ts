import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Moderator } from '../moderator.js';
import { recordIn, recordsIn, serviceModerator } from './moderation-service.js';
import { acceptsServiceUrl, type ServiceOptions, serviceChecks } from './service-options.js';

/** Options of {@link lakera}. */
export interface LakeraOptions extends ServiceOptions {
  /** A key of Lakera Guard's API. */
  apiKey: string;
  /** Project whose policy decides. @defaultValue Lakera's default policy */
  projectId?: string;
  /** @defaultValue 'https://api.lakera.ai' */
  baseUrl?: string;
}

/**
 * A moderator: Lakera Guard (docs.lakera.ai/docs/api/guard). The texts of a body are sent as messages of a user. Kinds: the detectors that objected, e.g.
 * `lakera.prompt_attack`. Throws a `TypeError` for a wrong option.
 */
export function lakera(options: LakeraOptions): Moderator {
  checkOptions<LakeraOptions>(
    'lakera',
    options,
    { ...serviceChecks, apiKey: accepts.string, projectId: accepts.string, baseUrl: acceptsServiceUrl },
    ['apiKey'],
  );
  const { apiKey, projectId, baseUrl = 'https://api.lakera.ai' } = options;
  return serviceModerator(
    {
      name: 'lakera',
      request: (texts) => ({
        url: `${baseUrl.replace(/\/$/, '')}/v2/guard`,
        headers: { authorization: `Bearer ${apiKey}` },
        body: {
          messages: texts.map((content) => ({ role: 'user', content })),
          breakdown: true,
          ...(projectId !== undefined && { project_id: projectId }),
        },
      }),
      objections: (answer) => {
        const { flagged, breakdown = [] } = recordIn(answer, 'answer');
        if (typeof flagged !== 'boolean') throw new TypeError('"flagged" was expected in the answer');
        if (!flagged) return undefined;
        const detected = recordsIn(breakdown, 'breakdown').filter(({ detected: is }) => is === true);
        const kinds = detected.map(({ detector_type: type }) => `lakera.${String(type)}`);
        return kinds.length > 0 ? kinds : ['lakera.other'];
      },
    },
    options,
  );
}
