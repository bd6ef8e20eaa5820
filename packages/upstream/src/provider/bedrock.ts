import { checkOptions } from '@tollgate/core/internal';
import type { Provider } from './provider.js';
import { type OpenAiCompatibleOptions, openAiCompatible, unnamed } from './provider-shapes.js';

/** Options of {@link bedrock}. */
export interface BedrockOptions extends Omit<OpenAiCompatibleOptions, 'name' | 'baseUrl' | 'apis'> {
  /** AWS region, e.g. `us-west-2`. */
  region: string;
  /** In place of the region's public endpoint, e.g. that of a VPC; with `/openai/v1`. */
  baseUrl?: string;
}

/**
 * Amazon Bedrock's endpoint that is compatible with OpenAI's: chat completions, with Bedrock API keys as bearer tokens (AWS credentials
 * are not signed with). Models are named as Bedrock names them, e.g. `openai.gpt-oss-120b-1:0`, and priced as provider `aws`.
 */
export function bedrock(options: BedrockOptions): Provider {
  checkOptions<BedrockOptions>('bedrock', options, { ...unnamed, region: regionCheck }, ['region']);
  const { region, baseUrl, ...rest } = options;
  if (rest.apiKey === undefined && rest.apiKeys === undefined)
    throw new TypeError('bedrock: "apiKey" is required');
  return openAiCompatible({
    ...rest,
    name: 'aws',
    baseUrl: baseUrl !== undefined ? baseUrl : `https://bedrock-runtime.${region}.amazonaws.com/openai/v1`,
    apis: ['openai-chat'],
  });
}

const regionCheck = (value: unknown): true | string =>
  (typeof value === 'string' && /^[a-z]{2}(?:-[a-z]+)+-\d$/.test(value)) ||
  'an AWS region such as "us-west-2"';
