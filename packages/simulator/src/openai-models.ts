import type { JsonObject } from './json.js';

/** The models of GET /v1/models, by default. */
export const DEFAULT_MODELS: readonly string[] = [
  'gpt-5',
  'gpt-5-mini',
  'gpt-4o-mini',
  'text-embedding-3-small',
  'claude-sonnet-4-6',
  'gemini-2.5-flash',
];

/** The body of OpenAI's GET /v1/models. */
export function openAiModelsJson(models: readonly string[]): JsonObject {
  return {
    object: 'list',
    data: models.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'simulated' })),
  };
}

/** The body of Anthropic's GET /v1/models. */
export function anthropicModelsJson(models: readonly string[]): JsonObject {
  return {
    data: models.map((id) => ({ type: 'model', id, display_name: id, created_at: '2025-01-01T00:00:00Z' })),
    has_more: false,
    first_id: models[0] ?? null,
    last_id: models.at(-1) ?? null,
  };
}
