import { extractText, getDocumentProxy } from 'unpdf';

/** Longest text that is sent to a model, in characters: about 6 000 tokens. */
const longestText = 24_000;
const mostPages = 10;

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

async function pdfText(file: Uint8Array): Promise<string> {
  // A copy: the reader takes the memory of what it is given.
  const pdf = await getDocumentProxy(Uint8Array.from(file)).catch(() => {
    throw new DocumentError('The PDF cannot be read. It may be damaged, or protected by a password.');
  });
  try {
    if (pdf.numPages > mostPages)
      throw new DocumentError(`The PDF has ${pdf.numPages} pages; at most ${mostPages} are read.`);
    const { text } = await extractText(pdf, { mergePages: true });
    return text;
  } finally {
    await pdf.destroy();
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
