import { accepts, checkOptions, type Estimate, type JsonObject } from '@tollgate/core/internal';
import { parseCall } from './parse-call.js';
import { type ParseOptions, parseChecks } from './parse-options.js';
import { parseSettings } from './parse-settings.js';
import { hasTokenizer, loadTokenizer } from './token-bound.js';

/** A call that may be made: its URL, or the path that names its API, and its body. */
export interface PlannedCall {
  /** Where it will be sent. @defaultValue OpenAI's chat completions */
  readonly url?: string;
  readonly body: JsonObject;
}

/** The most that a call can cost, before it is made. Amounts of money in integer nano-dollars. */
export interface CallEstimate
  extends Pick<
    Estimate,
    | 'model'
    | 'inputTokens'
    | 'outputTokens'
    | 'inputNanoUsd'
    | 'outputNanoUsd'
    | 'costNanoUsd'
    | 'priceVersion'
  > {
  readonly provider: string;
  /** Whether the input was counted with the model's tokenizer; `false`: its bytes are the bound. */
  readonly counted: boolean;
}

const chatUrl = 'https://api.openai.com/v1/chat/completions';

/**
 * Estimates a call without making it, by the bounds that `meter()` and `budget()` use: the input counted with the model's tokenizer where that is
 * public, else its bytes; the output up to its cap. Never too low. Waits until the tokenizer is loaded. Rejects with a `TollgateError` (400) for a call
 * that would be refused, such as one of a model without a price, and with a `TypeError` for a wrong option or a URL that is no metered API.
 */
export async function estimateCall(
  { url = chatUrl, body }: PlannedCall,
  options: ParseOptions = {},
): Promise<CallEstimate> {
  checkOptions<ParseOptions>('estimateCall', options, parseChecks);
  if (accepts.object(body) !== true)
    throw new TypeError('estimateCall: "body" must be the JSON body of a call');
  await loadTokenizer();
  const settings = parseSettings({ inputBound: 'tokens', countAboveBytes: 0, ...options });
  const call = parseCall({ url, method: 'POST', headers: {}, body }, settings);
  if (!call)
    throw new TypeError(`estimateCall: "url" must be that of a metered API, received ${JSON.stringify(url)}`);
  const { model, inputTokens, outputTokens, inputNanoUsd, outputNanoUsd, costNanoUsd, priceVersion } =
    call.estimate;
  return {
    provider: call.provider,
    ...{ model, inputTokens, outputTokens, inputNanoUsd, outputNanoUsd, costNanoUsd, priceVersion },
    counted: settings.options.inputBound === 'tokens' && hasTokenizer(call.provider, model),
  };
}
