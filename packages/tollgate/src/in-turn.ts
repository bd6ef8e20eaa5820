import type { RequestHandler } from 'express';

/**
 * Several handlers as one, each after the other has called `next()`: Express matches its path once instead of once for each. Errors passed
 * to `next` or thrown go to the app's error handlers, as from any of them.
 */
export function inTurn(name: string, handlers: readonly RequestHandler[]): RequestHandler {
  const run: RequestHandler = (req, res, next) => {
    const go = (index: number): void => {
      const handler = handlers[index];
      if (!handler) {
        next();
        return;
      }
      const whenReady = (error?: unknown): void => (error === undefined ? go(index + 1) : next(error));
      try {
        void handler(req, res, whenReady);
      } catch (error) {
        next(error);
      }
    };
    go(0);
  };
  Object.defineProperty(run, 'name', { value: name });
  return run;
}
