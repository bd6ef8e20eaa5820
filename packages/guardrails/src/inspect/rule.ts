/** Something that a rule has found in a text. Offsets are UTF-16 units, as in `String.prototype.slice`. */
export interface Finding {
  /** Its kind, e.g. `pii.card`, `secret.openai`, `injection.override`. */
  readonly kind: string;
  readonly start: number;
  /** Behind the last unit. */
  readonly end: number;
  /** Strength of the evidence, above 0 and at most 1: 1 for a card number with its check digit, less for a phrase of jailbreaks. */
  readonly weight: number;
}

/** The action on a request or a response in which a rule has found something. */
export type RuleAction = 'block' | 'flag' | 'redact';

/** The position of a text. */
export interface TextPlace {
  /** JSON path, e.g. `messages[2].content`; of answers `choices[0].message.content`. */
  readonly path: string;
  /** The nearest `role` around it, as the client states it; absent where there is none. */
  readonly role: string | undefined;
}

/** Searches texts for one kind of content. It must take linear time in the length of any text: guardrails run on the event loop of the app. */
export interface Rule {
  /** Short name, unique among the rules of one `guardrails()`. */
  readonly name: string;
  /** `input`: sent to a model; `output`: received from it. */
  readonly on: 'input' | 'output' | 'both';
  /**
   * `block`: the request is refused, the response ended as the provider's content filter would; `redact`: findings are replaced; `flag`: it
   * passes, and is published.
   */
  readonly action: RuleAction;
  /** Below it nothing is done about a text; weights of its findings add up as independent chances do. @defaultValue 0: any finding counts */
  readonly threshold?: number | undefined;
  /**
   * From which offset on the end of a text may still become (part of) a finding when more follows: so much of a stream is held back.
   * @defaultValue the last 128 UTF-16 units
   */
  holdFrom?(text: string): number;
  find(text: string, place: TextPlace): readonly Finding[];
  /**
   * Longest finding, in UTF-16 units, 1 to 65 536. With it, the rule gets long texts in windows that overlap by this many units, and other
   * events are processed in between. @defaultValue none: texts are passed as a whole
   */
  readonly reach?: number | undefined;
  /** The kinds that it may find; `needs` of `guardrails()` names those alone. @defaultValue [] */
  readonly kinds?: readonly string[] | undefined;
}

/** The chance that at least one of the findings is right, were they independent: 1 − ∏(1 − weight). */
export function combinedWeight(findings: readonly Finding[]): number {
  let chanceOfNone = 1;
  for (const { weight } of findings) chanceOfNone *= 1 - weight;
  return 1 - chanceOfNone;
}
