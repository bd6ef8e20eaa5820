import type { Json, JsonObject } from './json.js';
import type { Family } from './route.js';

/** The properties of an error beyond its status. */
export interface ErrorFacts {
  message?: string;
  param?: string | null;
  code?: string | null;
  model?: string;
  requestId?: string;
}

const OPENAI: Readonly<Record<number, { type: string; code: string | null; message: string }>> = {
  400: { type: 'invalid_request_error', code: null, message: 'The request is invalid.' },
  401: {
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message:
      'Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.',
  },
  403: {
    type: 'request_forbidden',
    code: 'unsupported_country_region_territory',
    message: 'Country, region, or territory not supported',
  },
  404: {
    type: 'invalid_request_error',
    code: 'model_not_found',
    message: 'The model does not exist or you do not have access to it.',
  },
  429: {
    type: 'tokens',
    code: 'rate_limit_exceeded',
    message:
      'Rate limit reached on tokens per min (TPM): Limit 30000, Used 30000, Requested 100. Please try again later.',
  },
  500: {
    type: 'server_error',
    code: null,
    message: 'The server had an error while processing your request. Sorry about that!',
  },
  503: {
    type: 'server_error',
    code: null,
    message: 'The engine is currently overloaded, please try again later.',
  },
};

const ANTHROPIC: Readonly<Record<number, { type: string; message: string }>> = {
  400: { type: 'invalid_request_error', message: 'The request is invalid.' },
  401: { type: 'authentication_error', message: 'invalid x-api-key' },
  402: { type: 'billing_error', message: 'Your credit balance is too low.' },
  403: {
    type: 'permission_error',
    message: 'Your API key does not have permission to use the specified resource.',
  },
  404: { type: 'not_found_error', message: 'model not found' },
  413: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
  429: {
    type: 'rate_limit_error',
    message: "This request would exceed your organization's rate limit of 40,000 input tokens per minute.",
  },
  500: { type: 'api_error', message: 'Internal server error' },
  504: { type: 'timeout_error', message: 'Request timed out' },
  529: { type: 'overloaded_error', message: 'Overloaded' },
};

const GEMINI: Readonly<Record<number, { status: string; message: string }>> = {
  400: { status: 'INVALID_ARGUMENT', message: 'Request contains an invalid argument.' },
  401: { status: 'UNAUTHENTICATED', message: 'Request had invalid authentication credentials.' },
  403: { status: 'PERMISSION_DENIED', message: 'The caller does not have permission' },
  404: {
    status: 'NOT_FOUND',
    message: 'The model is not found for API version v1beta, or is not supported for generateContent.',
  },
  429: {
    status: 'RESOURCE_EXHAUSTED',
    message: 'You exceeded your current quota, please check your plan and billing details.',
  },
  500: {
    status: 'INTERNAL',
    message:
      'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
  },
  503: { status: 'UNAVAILABLE', message: 'The model is overloaded. Please try again later.' },
  504: { status: 'DEADLINE_EXCEEDED', message: 'The request timed out. Please try again.' },
};

const closest = (status: number): number => (status < 500 ? 400 : 500);

/** A family's error body for a status. */
export function errorJson(family: Family, status: number, facts: ErrorFacts = {}): JsonObject {
  if (family === 'anthropic') {
    const { type, message } = ANTHROPIC[status] ?? {
      type: closest(status) === 400 ? 'invalid_request_error' : 'api_error',
      message: 'The request failed.',
    };
    return {
      type: 'error',
      error: { type, message: facts.message ?? message },
      request_id: facts.requestId ?? null,
    };
  }
  if (family === 'gemini') {
    const { status: name, message } = GEMINI[status] ?? {
      status: closest(status) === 400 ? 'INVALID_ARGUMENT' : 'INTERNAL',
      message: 'The request failed.',
    };
    return { error: { code: status, message: facts.message ?? message, status: name } };
  }
  const usual = OPENAI[status] ?? {
    type: closest(status) === 400 ? 'invalid_request_error' : 'server_error',
    code: null,
    message: 'The request failed.',
  };
  const code = facts.code === undefined ? usual.code : facts.code;
  if (family === 'azure' && (status === 401 || status === 429)) {
    const message =
      status === 401
        ? 'Access denied due to invalid subscription key or wrong API endpoint.'
        : 'Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current pricing tier.';
    return { error: { code: facts.code ?? String(status), message: facts.message ?? message } };
  }
  const type = code === 'insufficient_quota' ? code : usual.type;
  return { error: { message: facts.message ?? usual.message, type, param: facts.param ?? null, code } };
}

/** The HTML page with which a provider's edge responds when its backend is away. */
export const BAD_GATEWAY_PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n';

/** Azure's 400 when its filter stops a prompt. */
export function azurePromptFiltered(): JsonObject {
  const safe = { filtered: false, severity: 'safe' };
  const content_filter_result = {
    hate: safe,
    self_harm: safe,
    sexual: safe,
    violence: { filtered: true, severity: 'high' },
  };
  return {
    error: {
      message:
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
      type: null,
      param: 'prompt',
      code: 'content_filter',
      status: 400,
      innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result },
    },
  };
}

/** The data of an error event inside a stream of status 200. */
export function errorEventJson(family: Family, requestId: string): Json {
  if (family === 'anthropic') return errorJson(family, 529, { requestId });
  return errorJson(family, 500);
}
