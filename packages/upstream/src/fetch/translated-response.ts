import { upstreamError } from '../exchange/errors.js';
import type { AnswerTranslation } from '../translate/answer-translation.js';

const nothing = new Uint8Array(0);

/** A provider's response in the format of the calling SDK. One without an end, or with invalid bytes, is an error to its reader. */
export function translatedResponse(response: Response, translation: AnswerTranslation): Response {
  const { status, statusText, body } = response;
  translation.begin(status, response.headers.get('content-type') ?? undefined);
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  headers.delete('content-encoding');
  return new Response(body && translatedBody(body, translation, status), { status, statusText, headers });
}

function translatedBody(
  body: ReadableStream<Uint8Array>,
  translation: AnswerTranslation,
  status: number,
): ReadableStream<Uint8Array> {
  const source = body.getReader();
  /** Reads until there are bytes to pass on, or the end. */
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (;;) {
      const { done, value } = await source.read();
      const bytes = done ? translation.end(nothing) : translation.push(value);
      if (bytes.length > 0) controller.enqueue(bytes);
      if (done) {
        if (status < 400 && !translation.complete)
          throw upstreamError('ended its answer before it was complete');
        controller.close();
      }
      if (done || bytes.length > 0) return;
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        pull(controller).catch((error: unknown) => {
          source.cancel(error).catch(() => undefined);
          throw error;
        }),
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
