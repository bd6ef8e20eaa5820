import type { JsonObject } from '@tollgate/core/internal';
import { isObject } from '../request/json.js';

/** Whether `tools` holds one that the provider may run: anything but declarations of functions. */
export function offersServerTools({ tools }: JsonObject): boolean {
  if (!Array.isArray(tools)) return false;
  return tools.some(
    (tool) => !isObject(tool) || Object.keys(tool).some((name) => !/^function_?declarations$/i.test(name)),
  );
}
