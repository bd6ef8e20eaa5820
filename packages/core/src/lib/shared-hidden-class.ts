import type { Request, Response } from 'express';

/** V8 before version 13 (Node 20 and 22), where {@link shareHiddenClass} is of use. */
const splitsHiddenClasses = Number.parseInt(process.versions.v8, 10) < 13;

/**
 * Express changes the prototype of every request and response. Before V8 13, each property added to such an object gives it a separate
 * hidden class, a copy of all its descriptors: one or two kilobytes each time, kept until the next full collection, and every access misses
 * its inline cache. An object from which a property was deleted is a dictionary instead, whose hidden class all share. Nothing else
 * changes: the property is put back.
 */
export function shareHiddenClass(req: Request, res: Response): void {
  if (!splitsHiddenClasses) return;
  rewrite(req, 'statusMessage');
  rewrite(res, 'sendDate');
}

function rewrite<Name extends string>(target: { [name in Name]?: unknown }, name: Name): void {
  const value = target[name];
  delete target[name];
  target[name] = value;
}
