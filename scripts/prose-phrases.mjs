/** Phrases that are not used in comments, READMEs, messages and help, with what to write instead. Words with correct uses are matched with their context. */
export const phrases = [
  [/\b(?:no|some|every)body\b/i, 'name the caller, the operator, the process: "no one", "each client"'],
  [/\bwhoever\b/i, 'name who: "the process that", "the caller that"'],
  [
    /\b(?:for|after|as) so (?:long|many|much)\b|\bso (?:long|many) (?:a|it|they|are|is|may|ms)\b|\bup to so\b|\bso many\b/i,
    'give the figure, or "this long", "this many"',
  ],
  [
    /\bof late\b|\bas ever\b|\bbeforehand\b|\banew\b|\bin vain\b/i,
    '"recently", "as before", "in advance", "again", "without effect"',
  ],
  [/\b(?:is|are|was|were|be|been) told\b/i, '"is reported", "receives"'],
  [
    /\b(?:it|that|which|they|counters?|limits?|windows?|budgets?) stands?\b|\bwhere they stood\b/i,
    '"is", "are"',
  ],
  [/\b(?:goes|go|going|went) on\b(?! (?:the|a|disk))/i, '"continues"'],
  [/\bof (?:its|their) own\b/i, '"separate", "its", "the app’s"'],
  [/\btaken for\b|\bas good as\b|\bto its name\b/i, 'say what happens'],
  [
    /\b(?:store|server|redis|ledger|database|provider|process|counter|breaker|pipeline|meter|catalogue)s? (?:says?|tells?|knows?|hears?|asks?|said|told|knew|heard)\b/i,
    'software reports, returns, contains, receives, requests',
  ],
  [/\b(?:desk|house|storey)s?\b/i, 'use the name of the thing'],
  [/(?:^|\. )What (?:[a-z]+ ){1,8}[a-z]+[^?]*?(?:\.|:|$)/, 'a noun as the subject'],
  [
    /\bby means of\b|\bwhatsoever\b|\bthereof\b|\bfor lack of\b|\bleave off\b|\bhands? over to\b/i,
    'plain words',
  ],
];
