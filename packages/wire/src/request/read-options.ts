import type { ToolUse } from './request-facts.js';

/** What the app declares about its requests, as far as reading them depends on it. */
export interface ReadOptions {
  /** The most answers (`n`, `candidateCount`) of one call. Integer from 1 to 128. @defaultValue 16 */
  readonly maxAnswers?: number | undefined;
  /** Fields that no format is known to have. @defaultValue 'refuse' */
  readonly unknownFields?: 'refuse' | 'allow' | undefined;
  /** Further fields at the top of a body that are known to cost nothing. */
  readonly allowFields?: readonly string[] | undefined;
  /** Where calls of Anthropic's format run that do not state it. @defaultValue 'global' */
  readonly inferenceGeo?: 'global' | 'us' | undefined;
  /** Server-side tools by their type, each with the most uses within one call. */
  readonly tools?: Readonly<Record<string, { readonly maxUses?: number | undefined }>> | undefined;
}

/** What an app declares for a server-side tool: by its type on the wire, else by its name without a version. */
export function declarationOf<Declaration>(
  tool: ToolUse,
  { tools = {} }: { readonly tools?: Readonly<Record<string, Declaration>> | undefined },
): Declaration | undefined {
  if (Object.hasOwn(tools, tool.type)) return tools[tool.type];
  return Object.hasOwn(tools, tool.name) ? tools[tool.name] : undefined;
}
