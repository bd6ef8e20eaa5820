import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { json } from '../json.js';

/** Gemini's own form of a schema (types in capitals, `nullable`) as JSON schema. */
export function jsonSchemaOf(schema: JsonObject): JsonObject {
  const made: JsonObject = {};
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'type' && typeof value === 'string') made.type = value.toLowerCase();
    else if (name === 'properties' && json.isObject(value)) made.properties = eachOf(value);
    else if (name === 'items' && json.isObject(value)) made.items = jsonSchemaOf(value);
    else if (name === 'anyOf' && Array.isArray(value)) {
      made.anyOf = value.map((one): JsonValue => (json.isObject(one) ? jsonSchemaOf(one) : one));
    } else if (name !== 'nullable' && name !== 'propertyOrdering') made[name] = value;
  }
  if (schema.nullable === true && typeof made.type === 'string') made.type = [made.type, 'null'];
  return made;
}

const eachOf = (properties: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      json.isObject(value) ? jsonSchemaOf(value) : value,
    ]),
  );
