import { Answer } from '../answer/answer.js';
import { embeddingsUsage } from './usage.js';

/** Reads embeddings, which are never streamed and have no output in tokens. */
export class EmbeddingsAnswer extends Answer {
  protected readonly usageOf = embeddingsUsage;

  isOfInterest(): boolean {
    return true;
  }

  event(event: Readonly<Record<string, unknown>>): boolean {
    this.failIf(event.error);
    this.name(event);
    this.says(event.usage);
    return false;
  }

  protected outputOf(): undefined {
    return undefined;
  }

  ending(): string {
    return '';
  }
}
