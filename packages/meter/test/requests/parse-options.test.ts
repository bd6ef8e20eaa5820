import { describe, expect, it } from '@jest/globals';
import { checkOptions } from '@tollgate/core/internal';
import { type ParseOptions, parseChecks } from '../../src/requests/parse-options.js';

const check = (options: object) => checkOptions<ParseOptions>('meter', options, parseChecks);

describe('the options of parsing', () => {
  it.each([
    [{ price: {} }, 'meter: unknown option "price" (did you mean "prices"?)'],
    [{ prices: { a: { inputUsdPerMillion: 1 } } }, 'inputUsdPerMillion 1'],
    [{ models: { a: 5 } }, '"models" must be an object of model names by deployment'],
    [{ provider: '' }, '"provider" must be a non-empty string'],
    [{ inputBound: 'words' }, '"inputBound" must be one of "bytes", "tokens"'],
    [{ countAboveBytes: -1 }, '"countAboveBytes" must be an integer of 0 or more'],
    [{ worstCase: { images: 5 } }, '(not "images")'],
    [{ worstCase: { image: 1.5 } }, '("image" is 1.5)'],
    [{ tools: { web_search: { maxUses: 0 } } }, 'maxUses of "web_search" is a positive integer, not 0'],
    [
      { tools: { web_search: { usdPerUse: 0.01 } } },
      'usdPerUse of "web_search" is dollars as text, not 0.01',
    ],
    [{ tools: { web_search: { uses: 1 } } }, 'uses of "web_search" is absent: the name is unknown'],
    [{ tools: { web_search: true } }, '"web_search" is true'],
    [{ maxAnswers: 0 }, '"maxAnswers" must be an integer from 1 to 128'],
    [{ unknownFields: 'ignore' }, '"unknownFields" must be one of "refuse", "allow"'],
    [{ allowFields: 'x' }, '"allowFields" must be an array'],
    [{ inferenceGeo: 'mars' }, '"inferenceGeo" must be one of "global", "us"'],
    [{ serviceTier: 5 }, '"serviceTier" must be a non-empty string'],
  ])('refuse %j', (options, message) => {
    expect(() => check(options)).toThrow(message);
  });

  it('accept what is documented', () => {
    check({
      prices: { mine: { inputUsdPerMillion: '0.25', outputUsdPerMillion: '1' }, local: 'free' },
      models: { deployment: 'gpt-5' },
      provider: 'groq',
      inputBound: 'tokens',
      countAboveBytes: 0,
      worstCase: { image: 1, imageUrl: 2, document: 3, documentUrl: 4, audio: 5, file: 6, conversation: 7 },
      tools: { web_search: { maxUses: 3, usdPerUse: '0.01', inputTokensPerUse: 5 }, google_search: {} },
      maxAnswers: 4,
      unknownFields: 'allow',
      allowFields: ['x'],
      serviceTier: 'priority',
      inferenceGeo: 'us',
    });
  });
});
