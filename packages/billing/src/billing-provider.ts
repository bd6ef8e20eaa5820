/** Usage of one tenant, to be sent to the invoicing provider. */
export interface MeterEvent {
  /** The same whenever this event is sent, and that of no other: 52 characters. */
  readonly identifier: string;
  /** The name of the meter. */
  readonly meter: string;
  readonly tenant: string;
  /** Who pays, by the provider's id. */
  readonly customer: string;
  /** An integer, negative for a correction, as a decimal string. */
  readonly quantity: string;
  /** When it was used, ms since the epoch. */
  readonly atMs: number;
}

/** The outcome of sending an event. */
export type SendResult =
  /** The provider has it, now or from before. */
  | { readonly kind: 'taken' }
  /** It will never take this event. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** To be tried again; `unknown`: it may have it nevertheless. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly unknown: boolean;
      readonly retryAfterMs?: number;
    };

/** Where usage is billed. */
export interface BillingProvider {
  /** Names it in the outbox: `stripe`. One outbox can serve several. */
  readonly name: string;
  /** How long the provider recognises an identifier, in ms; `Infinity`: for good. After that an event is looked up before it is sent again. */
  readonly recognisesForMs: number;
  /** How old usage may be, ms; `Infinity`: any age. */
  readonly oldestMs: number;
  /** Sends one event. Never rejects. */
  send(event: MeterEvent): Promise<SendResult>;
  /** The provider's total for a customer in `[fromMs, toMs)`, whole hours, as an integer's decimal string. Rejects where it has none. */
  total?(meter: string, customer: string, fromMs: number, toMs: number): Promise<string>;
}
