import { createHmac } from 'node:crypto';
import type { JsonValue } from '@tollgate/core/internal';

/** The fields of the prompt in each format; model, caps and metadata do not belong to it. */
const promptFields = [
  'instructions',
  'system',
  'systemInstruction',
  'messages',
  'input',
  'prompt',
  'contents',
  'tools',
];

/**
 * A hash of a request's prompt: keyed by a secret, so that no one without it can test prompts, and by the tenant, so that tenants cannot be
 * compared. `undefined` where there is no prompt.
 */
export function promptHash(secret: string, tenant: string, body: JsonValue | undefined): string | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const prompt = promptFields.map((name) => (Object.hasOwn(body, name) ? body[name] : null));
  if (prompt.every((part) => part === null)) return undefined;
  const hmac = createHmac('sha256', secret).update(JSON.stringify([tenant, prompt]));
  return hmac.digest('base64url').slice(0, 22);
}
