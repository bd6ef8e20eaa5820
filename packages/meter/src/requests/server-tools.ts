import { declarationOf, invalidValueError, type ToolUse, unsupportedError } from '@tollgate/wire/internal';
import type { Price } from '../prices/price.js';
import { picoOf } from '../prices/rate.js';
import type { ParseOptions, ToolDeclaration } from './parse-options.js';

/** The upper bound of the cost of a call's server-side tools. */
export interface ToolBound {
  /** Uses of all tools together. */
  readonly uses: number;
  /** Fees of all uses, in pico-dollars. */
  readonly feePico: bigint;
  /** Tokens that one use adds to the input at most; `undefined`: as much as the model takes. */
  readonly inputTokensPerUse: number | undefined;
}

const none: ToolBound = { uses: 0, feePico: 0n, inputTokensPerUse: 0 };

/**
 * Bounds the server-side tools of a request: priced per use, times the most uses. Refuses a tool whose uses have no bound or
 * whose fee is not known, unless the app declares it.
 */
export function toolBoundOf(tools: readonly ToolUse[], price: Price, options: ParseOptions): ToolBound {
  if (tools.length === 0) return none;
  let [uses, feePico, perUse]: [number, bigint, number | undefined] = [0, 0n, 0];
  for (const tool of tools) {
    const declared = declarationOf(tool, options);
    const fee = feeOfUse(tool, declared, price);
    const most = usesOf(tool, declared);
    uses += most;
    feePico += fee * BigInt(most);
    const tokens = declared?.inputTokensPerUse;
    perUse = perUse === undefined || tokens === undefined ? undefined : Math.max(perUse, tokens);
  }
  return { uses, feePico, inputTokensPerUse: perUse };
}

/** Fees that the app declares for the tools of a request, in pico-dollars by their name in the usage. */
export function declaredFees(tools: readonly ToolUse[], options: ParseOptions): Record<string, bigint> {
  const fees: Record<string, bigint> = {};
  for (const tool of tools) {
    const usd = declarationOf(tool, options)?.usdPerUse;
    if (usd !== undefined) fees[tool.name] = picoOf(usd);
  }
  return fees;
}

/** The most uses of a tool: from the request, else from the app's declaration. */
function usesOf(tool: ToolUse, declared: ToolDeclaration | undefined): number {
  const { maxUses } = tool;
  if (maxUses === undefined) {
    if (declared?.maxUses !== undefined) return declared.maxUses;
    throw unsupportedError(tool.param, 'the number of its uses has no bound');
  }
  if (declared?.maxUses === undefined || maxUses <= declared.maxUses) return maxUses;
  throw invalidValueError(`${tool.param}.max_uses`, `at most ${declared.maxUses}`, maxUses);
}

function feeOfUse(tool: ToolUse, declared: ToolDeclaration | undefined, price: Price): bigint {
  if (declared?.usdPerUse !== undefined) return picoOf(declared.usdPerUse);
  const known = Object.hasOwn(price.tools, tool.name) ? price.tools[tool.name] : undefined;
  if (known !== undefined) return known;
  if (declared) return 0n;
  throw unsupportedError(tool.param, `what a use of ${tool.type.slice(0, 40)} costs is not known`);
}
