import { once } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/** Longest text that is sent to a model, in characters: about 6 000 tokens. */
const longestText = 24_000;
const mostPages = 10;
/** A small PDF can take minutes to read. */
const mostReadingMs = 10_000;
/** Of the thread's heap; buffers, such as a decompressed page, are outside of it and are bounded by the time alone. */
const mostHeapMb = 256;

/** The file is neither a PDF nor text, or has no text. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  readonly status = 422;
}

/** The text of an uploaded résumé. The bytes decide what it is, not the name or the declared type. Rejects with a {@link DocumentError}. */
export async function textOf(file: Uint8Array): Promise<string> {
  const text = (startsWith(file, '%PDF-') ? await pdfText(file) : plainText(file)).trim();
  if (text === '') throw new DocumentError('The file contains no text. A scanned page needs a text layer.');
  if (text.length > longestText)
    throw new DocumentError(`The text has ${text.length} characters; at most ${longestText} are read.`);
  return text;
}

const startsWith = (file: Uint8Array, mark: string): boolean =>
  Buffer.from(file.subarray(0, mark.length)).toString('latin1') === mark;

/** Reads the PDF in a thread, which can be ended; other requests continue meanwhile. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { module, file, mostPages } = workerData;
import(module).then(async ({ getDocumentProxy, extractText }) => {
  const pdf = await getDocumentProxy(file);
  const text = pdf.numPages > mostPages ? '' : (await extractText(pdf, { mergePages: true })).text;
  parentPort.postMessage({ pages: pdf.numPages, text });
});`;

async function pdfText(file: Uint8Array): Promise<string> {
  const module = pathToFileURL(createRequire(import.meta.url).resolve('unpdf')).href;
  const worker = new Worker(program, {
    eval: true,
    workerData: { module, file: Uint8Array.from(file), mostPages },
    resourceLimits: { maxOldGenerationSizeMb: mostHeapMb },
  });
  const late = AbortSignal.timeout(mostReadingMs);
  try {
    const [{ pages, text }] = await once(worker, 'message', { signal: late });
    if (pages > mostPages)
      throw new DocumentError(`The PDF has ${pages} pages; at most ${mostPages} are read.`);
    return text;
  } catch (error) {
    if (error instanceof DocumentError) throw error;
    throw new DocumentError(
      late.aborted
        ? 'The PDF takes too long to read.'
        : 'The PDF cannot be read. It may be damaged, or protected by a password.',
    );
  } finally {
    await worker.terminate();
  }
}

function plainText(file: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(file);
    if (!text.includes('\0')) return text;
  } catch {
    // Not UTF-8.
  }
  throw new DocumentError('The file is neither a PDF nor text in UTF-8.');
}
