/** Words after which a quotation is mentioned, not used: `what does the phrase "…" do`. */
const mentioning =
  `explain|explique|explica|erkl\\S{1,6}|why|warum|pourquoi|por qu\\S|what is|what does|was ist|phrases?|sentences?|satz|frase|phrase|wording|
words?|terms?|expression|begriff|strings?|text|texts|inputs?|prompts? like|example|examples|beispiel|ejemplo|exemple|quote|quoted|typed|wrote|sent|
attacks?|injections?|jailbreaks?|detects?|filter|filtered|blocks?|blocked|refused|flagged|logs?|titled?|called|means?|article|paper`
    .replace(/\s+/g, ' ')
    .replace(/\| /g, '|');
const mention = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${mentioning})(?![\\p{L}\\p{N}])[^"“”„«»「」\\n.!]{0,40}["“„«「][^"“”„«»「」\\n]{3,200}["”“»」]`,
  'giu',
);

/** The text with spaces instead of mentioned phrases: quotations of attacks in questions about attacks. Unchanged where there are none. */
export function withoutMentions(text: string): string {
  return /["“„«「]/.test(text) ? text.replace(mention, (quoted) => ' '.repeat(quoted.length)) : text;
}
