import type { AnswerTranslation } from '../translate/answer-translation.js';
import { upstreamError } from '../upstream-error.js';

/** A provider's response in the format of the SDK that asked. One that says no end, or makes no sense, is an error to its reader. */
export function translatedResponse(response: Response, translation: AnswerTranslation): Response {
  const { status, statusText } = response;
  const type = response.headers.get('content-type') ?? undefined;
  translation.begin(status, type);
  const body = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        pass(translation.push(chunk), controller);
      },
      flush(controller) {
        pass(translation.end(new Uint8Array(0)), controller);
        if (status >= 400 || translation.complete) return;
        controller.error(upstreamError('ended its answer before it was complete'));
      },
    }),
  );
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  headers.delete('content-encoding');
  return new Response(body ?? null, { status, statusText, headers });
}

function pass(bytes: Uint8Array, controller: TransformStreamDefaultController<Uint8Array>): void {
  if (bytes.length > 0) controller.enqueue(bytes);
}
