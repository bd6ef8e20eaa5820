import type { StandardSchemaV1 } from '@standard-schema/spec';
import { TollgateError } from '@tollgate/core';

/**
 * Checks a body against a schema of zod, valibot, arktype or any other library that implements Standard Schema. Resolves with the parsed
 * value; rejects with 422 `invalid_value`, naming the first wrong field.
 */
export async function checkedBody(schema: StandardSchemaV1, body: unknown): Promise<unknown> {
  const result = await schema['~standard'].validate(body);
  if (!result.issues) return result.value;
  const [issue] = result.issues;
  const param = pathOf(issue?.path ?? []);
  throw new TollgateError({
    status: 422,
    code: 'invalid_value',
    message: `The body does not fit${param === '' ? '' : ` at ${param}`}: ${shortened(issue?.message ?? 'it is not as expected')}.`,
    ...(param !== '' && { param }),
    retryAfterMs: false,
  });
}

function pathOf(path: NonNullable<StandardSchemaV1.Issue['path']>): string {
  let text = '';
  for (const segment of path) {
    const key = typeof segment === 'object' ? segment.key : segment;
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text.slice(0, 200);
}

/** A schema's own message may quote the value; a long one is cut. */
function shortened(message: string): string {
  const plain = message.replace(/[\r\n]+/g, ' ').replace(/\.$/, '');
  return plain.length > 200 ? `${plain.slice(0, 200)}…` : plain;
}
