import {
  type CallVariant,
  defaultMaxOutputTokens,
  type Estimate,
  type JsonObject,
  type ParsedCall,
  type WireApi,
} from '@tollgate/core/internal';
import type { WireFormat } from '@tollgate/wire';
import { notPriced, type OutgoingBody, type RequestFacts, unsupportedError } from '@tollgate/wire/internal';
import type { Price } from '../prices/price.js';
import type { TierMultiplier } from '../prices/service-tier.js';
import { estimate } from './estimate.js';
import type { TextBound } from './estimate-input.js';
import { modelName } from './model-name.js';
import type { ParseSettings } from './parse-settings.js';
import { searchesByItself } from './searching-models.js';
import { declaredFees, toolBoundOf } from './server-tools.js';
import { showsItsOutput } from './visible-output.js';
import { mediaBoundOf } from './worst-case.js';

/** The parts of a parsed call. */
export interface CallParts {
  readonly api: WireApi;
  readonly format: WireFormat;
  readonly provider: string;
  /** The name in the request. */
  readonly requestedModel: string;
  readonly facts: RequestFacts;
  readonly body: OutgoingBody;
  /** As it was asked; not written to. */
  readonly asked: JsonObject;
  readonly text: TextBound;
  readonly url: string;
  readonly modelInBody: boolean;
  /** The URL for another model, where the model is part of it. */
  urlFor(wireModel: string): string;
}

/** Inference in one region costs a tenth more (platform.claude.com/docs, "Data residency"). */
const regionalSurcharge: TierMultiplier = [11n, 10n];

/** A parsed call, with the data for its settlement. The estimate of a call without a stated cap is that of 4 096 tokens. */
export class MeteredCall implements ParsedCall {
  readonly api: WireApi;
  readonly provider: string;
  readonly requestedModel: string;
  readonly stream: boolean;
  readonly withUsage: boolean;
  readonly facts: RequestFacts;
  #model: string;
  #price: Price;
  #estimate: Estimate;
  #url: string;

  constructor(
    private readonly parts: CallParts,
    private readonly settings: ParseSettings,
  ) {
    this.api = parts.api;
    this.provider = parts.provider;
    this.requestedModel = parts.requestedModel;
    this.facts = parts.facts;
    this.stream = parts.facts.stream;
    this.withUsage = parts.facts.clientAskedForUsage;
    this.#model = settings.modelOf(parts.requestedModel);
    this.#price = this.#priceOf(this.#model);
    this.#url = parts.url;
    this.#estimate = this.#estimateOf(this.#model, this.#price, parts.facts.statedCap);
  }

  /** The model to dispatch: the target of an alias or a deployment. */
  get model(): string {
    return this.#model;
  }

  /** The price that the estimate was made with, surcharges and declared fees of tools included; for its settlement. */
  get price(): Price {
    return this.#price;
  }

  get priced(): boolean {
    return !this.#price.free;
  }

  /** A server-side tool may run the model again, unseen. */
  get visible(): boolean {
    if (this.facts.answers === 0) return true;
    if (this.facts.tools.length > 0) return false;
    return this.#price.showsAllTokens ?? showsItsOutput(this.#model, this.parts.asked);
  }

  get estimate(): Estimate {
    return this.#estimate;
  }

  get capField(): string {
    return this.parts.format.capField(this.parts.asked, this.facts.statedCap ?? 0);
  }

  get url(): string {
    return this.#url;
  }

  estimateOf(variant: CallVariant): Estimate {
    const model = variant.model ?? this.#model;
    const cap = variant.maxOutputTokens ?? this.#currentCap();
    if (model === this.#model && cap === this.#currentCap()) return this.#estimate;
    const price = model === this.#model ? this.#price : this.#priceOf(model);
    return this.#estimateOf(model, price, cap);
  }

  apply(variant: CallVariant): void {
    const { parts } = this;
    const changed = this.estimateOf(variant);
    if (changed.model !== this.#model) {
      this.#price = this.#priceOf(changed.model);
      this.#model = changed.model;
      const wireName = this.settings.wireNameOf(changed.model);
      if (parts.modelInBody) parts.body.set('model', wireName);
      this.#url = parts.urlFor(wireName);
    }
    if (variant.maxOutputTokens !== undefined && this.facts.answers > 0) {
      parts.format.request.writeCap(parts.body, variant.maxOutputTokens, this.provider);
      this.#cap = variant.maxOutputTokens;
    }
    this.#estimate = changed;
  }

  serialise(): string {
    return this.parts.body.toString();
  }

  #cap: number | undefined;

  #currentCap(): number | undefined {
    return this.#cap ?? this.facts.statedCap;
  }

  #estimateOf(model: string, price: Price, cap: number | undefined): Estimate {
    const { facts, text } = this.parts;
    const { options } = this.settings;
    return estimate({
      model,
      price,
      facts,
      textTokens: text.for(model),
      media: mediaBoundOf(facts.media, this.provider, price, options.worstCase),
      tools: toolBoundOf(facts.tools, price, options),
      tier: this.#tierOf(price),
      maxOutputTokens: facts.answers === 0 ? 0 : (cap ?? defaultMaxOutputTokens),
      capStated: facts.statedCap !== undefined,
    });
  }

  /** A tier without a known price is refused, since it may be a more expensive one. */
  #tierOf(price: Price): string | undefined {
    const { tier } = this.facts;
    const name = tier === undefined || tier.name === 'auto' ? this.settings.options.serviceTier : tier.name;
    if (name === undefined || price.free || Object.hasOwn(price.tiers, name)) return name;
    throw unsupportedError(tier?.param ?? 'service_tier', `what it costs with ${price.model} is not known`);
  }

  #priceOf(model: string): Price {
    if (model !== this.requestedModel) modelName(model, this.provider);
    const price = this.settings.prices.find(this.provider, model);
    if (!price) throw notPriced(model);
    if (!price.declared && searchesByItself(model)) {
      throw notPriced(
        model,
        'it searches by itself, and how often is not known; declare a price with a fee per call',
      );
    }
    const { facts } = this;
    if ((facts.audioOutput || facts.media.has('audio')) && !price.audioPriced) {
      throw notPriced(model, 'no price is known for sound with it');
    }
    if (!facts.regional && facts.tools.length === 0) return price;
    return {
      ...price,
      surcharge: facts.regional ? regionalSurcharge : price.surcharge,
      tools: { ...price.tools, ...declaredFees(facts.tools, this.settings.options) },
    };
  }
}
