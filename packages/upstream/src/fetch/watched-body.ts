/** Callbacks for the reading of a body. */
export interface BodyWatcher {
  /** Whether the reader waits for bytes. */
  waiting(is: boolean): void;
  /** Once: it has ended, was left, or (`broken`) broke off. */
  over(broken: boolean): void;
}

/** The body of a response, watched: bytes are read only as they are asked for. */
export function watchedBody(
  body: ReadableStream<Uint8Array>,
  watcher: BodyWatcher,
): ReadableStream<Uint8Array> {
  const source = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        watcher.waiting(true);
        try {
          const { done, value } = await source.read();
          watcher.waiting(false);
          if (!done) controller.enqueue(value);
          else {
            watcher.over(false);
            controller.close();
          }
        } catch (error) {
          watcher.over(true);
          controller.error(error);
        }
      },
      cancel(reason) {
        watcher.over(false);
        return source.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
