import { Answer } from '../answer/answer.js';
import type { Fields, ReportedUsage } from '../answer/reported-usage.js';
import { embeddingsUsage } from './usage.js';

/** Reads embeddings, which are never streamed and have no output in tokens. */
export class EmbeddingsAnswer extends Answer {
  isOfInterest(): boolean {
    return true;
  }

  event(event: Fields): boolean {
    this.failIf(event.error);
    this.name(event);
    this.says(event.usage);
    return false;
  }

  protected usageOf(usage: Fields): ReportedUsage {
    return embeddingsUsage(usage);
  }

  protected outputOf(): undefined {
    return undefined;
  }

  ending(): string {
    return '';
  }
}
