/** Name and version of the price catalogue this release was built and tested with; a test compares it with the one installed. */
export const catalogueVersion = 'genai-prices-0.1.8';
