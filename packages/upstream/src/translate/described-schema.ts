import type { JsonObject } from '@tollgate/core/internal';
import type { OutputForm } from './neutral-request.js';

/** The schema of a response, for formats in which only the schema can contain the description. */
export function describedSchema({ schema, description }: OutputForm): JsonObject | undefined {
  if (!schema || description === undefined) return schema;
  const own = typeof schema.description === 'string' ? `\n${schema.description}` : '';
  return { ...schema, description: description + own };
}
