import { calcPrice, type MatchLogic, type ModelInfo } from '@pydantic/genai-prices';

/** A model of the catalogue, with its price at one moment. */
export type Catalogued = NonNullable<ReturnType<typeof calcPrice>>;

/** Providers whose models are known by their full names; elsewhere names are paths and aliases of many forms. */
const strict: readonly string[] = ['openai', 'azure', 'anthropic', 'google'];

const noUsage = { input_tokens: 0 };

/**
 * The catalogue's entry for a model name; `undefined` where there is none. The catalogue matches many names by how they begin, so that
 * `claude-haiku-4-5-anything` has Haiku's price. A gateway may resolve such a name to another model, so at OpenAI, Azure, Anthropic and Google
 * only a version may follow the name of a model: `-20251001`, `@20250929`, `-v1:0`, `-latest`, `-preview-09-2025`.
 */
export function inCatalogue(provider: string, model: string, atMs: number): Catalogued | undefined {
  const found = calcPrice(noUsage, model, { providerId: provider, timestamp: new Date(atMs) });
  if (!found) return undefined;
  return strict.includes(provider) && !names(model, found.model) ? undefined : found;
}

/** Whether a name is that of a model, with nothing but a version behind it. The names of fine-tuned models are their owners'. */
function names(name: string, model: ModelInfo): boolean {
  if (name.startsWith('ft:')) return true;
  return [model.id, ...literals(model.match)].some((literal) => {
    const at = name.indexOf(literal);
    // Before it, the path of a platform: `us.anthropic.claude-…`, `publishers/google/models/gemini-…`.
    const begins = at === 0 || (at > 0 && /[./]/.test(name[at - 1] as string));
    return begins && isVersion(name.slice(at + literal.length), literal);
  });
}

function literals(match: MatchLogic): string[] {
  if ('or' in match) return match.or.flatMap(literals);
  if ('and' in match) return match.and.flatMap(literals);
  if ('regex' in match) return [];
  return Object.values(match);
}

const versionPart = /^(?:|e?\d+[a-z]?|v\d+|latest|preview|exp|thinking|it|customtools)$/;

/**
 * Dates may be shortened in the catalogue: `claude-sonnet-4-2025` matches `claude-sonnet-4-20250514`, but `claude-opus-4-1` does not match
 * `claude-opus-4-12`.
 */
function isVersion(tail: string, behind: string): boolean {
  if (/^\d/.test(tail) && /\d$/.test(behind) && !/-(?:20\d\d|0)$/.test(behind)) return false;
  return tail.split(/[-@:._]/).every((part) => versionPart.test(part));
}
