import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Moderator } from '../moderator.js';
import { type JsonRecord, recordIn, recordsIn, serviceModerator } from './moderation-service.js';
import { acceptsServiceUrl, type ServiceOptions, serviceChecks } from './service-options.js';

/** Options of {@link bedrockGuardrail}. */
export interface BedrockGuardrailOptions extends ServiceOptions {
  /** AWS region of the guardrail, e.g. `us-west-2`. */
  region: string;
  /** Id or ARN of the guardrail. */
  guardrailId: string;
  /** Its version: a number, or `DRAFT`. */
  guardrailVersion: string;
  /** A Bedrock API key, sent as a bearer token. Absent: give a `fetch` that signs requests (AWS Signature Version 4, service `bedrock`). */
  apiKey?: string;
  /** In place of the region's public endpoint, e.g. that of a VPC. */
  baseUrl?: string;
}

const isRegion = (value: unknown): true | string =>
  (typeof value === 'string' && /^[a-z]{2}(?:-[a-z]+)+-\d$/.test(value)) ||
  'an AWS region such as "us-west-2"';

/**
 * A moderator: a guardrail of Amazon Bedrock, by its `ApplyGuardrail` operation, whatever provider the call itself goes to
 * (docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-independent-api.html). A guardrail that would mask something intervenes as well, and counts
 * as an objection, since its masked text is not used. Kinds: `topic.<name>`, `content.<TYPE>`, `word`, `pii.<TYPE>`, `grounding`. Throws a
 * `TypeError` for a wrong option.
 */
export function bedrockGuardrail(options: BedrockGuardrailOptions): Moderator {
  checkOptions<BedrockGuardrailOptions>(
    'bedrockGuardrail',
    options,
    {
      ...serviceChecks,
      region: isRegion,
      guardrailId: accepts.string,
      guardrailVersion: (value) =>
        (typeof value === 'string' && /^(?:\d{1,8}|DRAFT)$/.test(value)) ||
        'a version such as "1", or "DRAFT"',
      apiKey: accepts.string,
      baseUrl: acceptsServiceUrl,
    },
    ['region', 'guardrailId', 'guardrailVersion'],
  );
  const { region, guardrailId, guardrailVersion, apiKey } = options;
  if (apiKey === undefined && options.fetch === undefined) {
    throw new TypeError('bedrockGuardrail: "apiKey" is required, or a "fetch" that signs requests');
  }
  const base = (options.baseUrl ?? `https://bedrock-runtime.${region}.amazonaws.com`).replace(/\/$/, '');
  const path = `/guardrail/${encodeURIComponent(guardrailId)}/version/${guardrailVersion}/apply`;
  return serviceModerator(
    {
      name: 'bedrock-guardrail',
      request: (texts) => ({
        url: base + path,
        headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
        body: { source: 'INPUT', content: texts.map((text) => ({ text: { text } })) },
      }),
      objections: (answer) => {
        const { action, assessments = [] } = recordIn(answer, 'answer');
        if (action === 'NONE') return undefined;
        if (action !== 'GUARDRAIL_INTERVENED')
          throw new TypeError(`action: ${String(action).slice(0, 40)} is unknown`);
        const kinds = recordsIn(assessments, 'assessments').flatMap(kindsOf);
        return kinds.length > 0 ? kinds : ['other'];
      },
    },
    options,
  );
}

/** Where an assessment lists what it found: policy, list, and the kind of an item. */
const lists: readonly (readonly [policy: string, list: string, kind: (item: JsonRecord) => string])[] = [
  ['topicPolicy', 'topics', ({ name }) => `topic.${String(name)}`],
  ['contentPolicy', 'filters', ({ type }) => `content.${String(type)}`],
  ['wordPolicy', 'customWords', () => 'word'],
  ['wordPolicy', 'managedWordLists', () => 'word'],
  ['sensitiveInformationPolicy', 'piiEntities', ({ type }) => `pii.${String(type)}`],
  ['sensitiveInformationPolicy', 'regexes', ({ name }) => `pii.${String(name)}`],
  ['contextualGroundingPolicy', 'filters', () => 'grounding'],
];

function kindsOf(assessment: JsonRecord): string[] {
  return lists.flatMap(([policy, list, kind]) => {
    const found = assessment[policy] === undefined ? undefined : recordIn(assessment[policy], policy)[list];
    const items = found === undefined ? [] : recordsIn(found, list);
    return items.filter(({ action }) => action !== 'NONE').map(kind);
  });
}
