import type { JsonObject } from '@tollgate/core/internal';
import type { OutputForm } from './neutral-request.js';

/** The schema of an answer where only the schema can say what the form is for. */
export function describedSchema({ schema, description }: OutputForm): JsonObject | undefined {
  if (!schema || description === undefined) return schema;
  const own = typeof schema.description === 'string' ? `\n${schema.description}` : '';
  return { ...schema, description: description + own };
}
