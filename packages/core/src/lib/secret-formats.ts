/** The form of a kind of secret, as its issuer has published it for scanners. */
export interface SecretFormat {
  /** `secret.` and the issuer. */
  readonly kind: string;
  /** The beginning of every such secret; searched for first. */
  readonly prefix: string;
  /** Tried at each occurrence of the prefix. Anchored and bounded. */
  readonly pattern: RegExp;
  /** Characters before the prefix that belong to the secret. */
  readonly before?: number;
}

const format = (name: string, prefix: string, pattern: RegExp, before?: number): SecretFormat => ({
  kind: `secret.${name}`,
  prefix,
  pattern,
  ...(before !== undefined && { before }),
});

/**
 * Keys and other secrets by their form. The one list behind `secrets()` of `@tollgate/guardrails`, masked alerts, and messages about options.
 * Sources: the issuers' documentation of key formats and GitHub's list of supported secret scanning patterns.
 */
export const secretFormats: readonly SecretFormat[] = [
  // Providers of models.
  format('anthropic', 'sk-ant-', /sk-ant-[A-Za-z0-9_-]{20,200}/y),
  format('openrouter', 'sk-or-', /sk-or-v1-[0-9a-f]{64}/y),
  format(
    'openai',
    'sk-',
    /sk-(?!ant-|or-v1-)(?=[A-Za-z_-]{0,40}\d)(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,200}/y,
  ),
  format('groq', 'gsk_', /gsk_[A-Za-z0-9]{48,60}/y),
  format('xai', 'xai-', /xai-[A-Za-z0-9]{60,100}/y),
  format('perplexity', 'pplx-', /pplx-[A-Za-z0-9]{40,64}/y),
  format('replicate', 'r8_', /r8_[A-Za-z0-9]{37,40}/y),
  format('fireworks', 'fw_', /fw_[A-Za-z0-9]{22,40}/y),
  format('hugging-face', 'hf_', /hf_[A-Za-z0-9]{30,64}/y),
  format('pinecone', 'pcsk_', /pcsk_[A-Za-z0-9]{5,8}_[A-Za-z0-9]{50,80}/y),
  format('langsmith', 'lsv2_', /lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}/y),
  format('tollgate', 'tg_live_', /tg_live_[A-Za-z0-9_]{20,200}/y),
  // Clouds.
  format('aws', 'AKIA', /AKIA(?![0-9A-Z]{9}EXAMPLE)[0-9A-Z]{16}(?![0-9A-Za-z])/y),
  format('aws', 'ASIA', /ASIA(?![0-9A-Z]{9}EXAMPLE)[0-9A-Z]{16}(?![0-9A-Za-z])/y),
  format('aws-bedrock', 'ABSK', /ABSK[A-Za-z0-9+/]{100,260}={0,2}/y),
  format(
    'aws',
    'aws_secret_access_key',
    /aws_secret_access_key["']?\s{0,3}[:=]\s{0,3}["']?[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/])/y,
  ),
  format('google', 'AIza', /AIza[0-9A-Za-z_-]{35}/y),
  format('google', 'GOCSPX-', /GOCSPX-[A-Za-z0-9_-]{28}/y),
  format('google', 'ya29.', /ya29\.[A-Za-z0-9_-]{30,1024}/y),
  format('azure', 'AccountKey=', /AccountKey=[A-Za-z0-9+/]{86}==/y),
  format('azure', '8Q~', /[0-9A-Za-z_~.]{3}8Q~[0-9A-Za-z_~.-]{31,34}/y, 3),
  format('digitalocean', 'do', /do[opr]_v1_[0-9a-f]{64}/y),
  format('databricks', 'dapi', /dapi[0-9a-f]{32}(?:-\d)?(?![0-9A-Za-z])/y),
  format('vault', 'hvs.', /hvs\.[A-Za-z0-9_-]{24,200}/y),
  format('supabase', 'sbp_', /sbp_[0-9a-f]{40}/y),
  format('supabase', 'sb_secret_', /sb_secret_[A-Za-z0-9_-]{20,64}/y),
  format('planetscale', 'pscale_', /pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}/y),
  // Code and its tools.
  format('github', 'gh', /gh[pousr]_[A-Za-z0-9]{36,255}/y),
  format('github', 'github_pat_', /github_pat_[A-Za-z0-9_]{22,255}/y),
  format('gitlab', 'gl', /gl(?:pat|rt|dt|ptt|ft|imt|agent|soat|cbt)-[A-Za-z0-9_-]{20,64}/y),
  format('npm', 'npm_', /npm_[A-Za-z0-9]{36}/y),
  format('pypi', 'pypi-', /pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,1000}/y),
  format('sentry', 'sntry', /sntry(?:s_[A-Za-z0-9+/=_-]{40,400}|u_[0-9a-f]{64})/y),
  format('grafana', 'glsa_', /glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}/y),
  format('grafana', 'glc_', /glc_[A-Za-z0-9+/]{32,400}={0,2}/y),
  format('atlassian', 'ATATT3', /ATATT3[A-Za-z0-9_=-]{100,300}/y),
  format('postman', 'PMAK-', /PMAK-[0-9a-f]{24}-[0-9a-f]{34}/y),
  format('linear', 'lin_api_', /lin_api_[A-Za-z0-9]{40}/y),
  format('notion', 'ntn_', /ntn_[A-Za-z0-9]{40,60}/y),
  format('notion', 'secret_', /secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])/y),
  // Messages, money and mail.
  format('slack', 'xox', /xox[abeposr]-[A-Za-z0-9-]{10,250}/y),
  format('slack', 'xapp-', /xapp-\d-[A-Z0-9]{8,16}-\d{8,16}-[0-9a-f]{32,80}/y),
  format(
    'slack',
    'hooks.slack.com/',
    /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9+/]{30,90}/y,
  ),
  format('telegram', ':AA', /\d:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/y, 1),
  format('stripe', 'k_live_', /[rs]k_live_[A-Za-z0-9]{16,250}/y, 1),
  format('stripe', 'k_test_', /[rs]k_test_[A-Za-z0-9]{16,250}/y, 1),
  format('webhook', 'whsec_', /whsec_[A-Za-z0-9+/=]{24,100}/y),
  format('shopify', 'shp', /shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}/y),
  format('sendgrid', 'SG.', /SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}/y),
  format('twilio', 'SK', /SK[0-9a-f]{32}(?![0-9A-Za-z])/y),
  // Of any issuer.
  format('jwt', 'eyJ', /eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{16,1024}/y),
  format(
    'private-key',
    '-----BEGIN ',
    /-----BEGIN [A-Z ]{0,24}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s:,\\-]{0,16384}/y,
  ),
  format('url', '://', /:\/\/[^/\s:@'"<>]{0,100}:[^/\s@'"<>]{3,200}@[A-Za-z0-9]/y),
  format('bearer', 'earer ', /[Bb]earer [A-Za-z0-9._~+/-]{20,1024}={0,2}/y, 1),
];

/** Prefixes that also occur in words: within a word they do not begin a secret. */
const commonInWords = new Set([
  'sk-',
  'gh',
  'gl',
  'do',
  'eyJ',
  'hf_',
  'npm_',
  'fw_',
  'r8_',
  'shp',
  'SK',
  'SG.',
  'secret_',
  'ntn_',
  'xai-',
  'glc_',
  'dapi',
  'xox',
]);
const inWord = /[A-Za-z0-9]/;

/** A secret in a text: where it is, and of which kind. */
export interface FoundSecret {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/** Secrets in a text by their form, in the order of their beginnings. Linear in the text. */
export function secretsIn(text: string): FoundSecret[] {
  const found: FoundSecret[] = [];
  for (const { kind, prefix, pattern, before = 0 } of secretFormats) {
    let from = 0;
    for (let at = text.indexOf(prefix); at !== -1; at = text.indexOf(prefix, from)) {
      from = at + prefix.length;
      const start = at - before;
      if (start < 0) continue;
      if (start > 0 && commonInWords.has(prefix) && inWord.test(text[start - 1] as string)) continue;
      pattern.lastIndex = start;
      const match = pattern.exec(text);
      if (!match) {
        // The only long pattern: no match can begin inside the characters that it has checked.
        if (prefix === 'eyJ') from = Math.max(from, endOfRun(text, from));
        continue;
      }
      from = start + match[0].length;
      found.push({ kind, start, end: from });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Further text that is masked, since a mask may cover too much: shorter keys, and values that a name such as `password=` marks. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/\b(tg_[a-z]{1,8}_[A-Za-z0-9]{1,64})_[A-Za-z0-9]+/g, '$1_…'],
  [/\b(sk|rk|pk|whsec|xox[a-z]|AKIA|ASIA|AIza|ghp|glpat)[-_]?[A-Za-z0-9+/_-]{12,}={0,2}/g, '$1…'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+/g, 'eyJ…'],
  [/\/\/[^/\s:@]{0,200}:[^/\s@]{1,200}@/g, '//…@'],
  [/\b(basic|bearer)\s+[^\s"',;]+/gi, '$1 …'],
  [
    /((?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|credentials?)["']?\s{0,3}[:=]\s{0,3}["']?)[^\s"',;&}…]{3,}/gi,
    '$1…',
  ],
];

/** The text with `…` in place of everything that looks like a secret; of a Tollgate key its id stays. */
export function maskSecrets(text: string): string {
  let masked = text;
  for (const [pattern, instead] of masks) masked = masked.replace(pattern, instead);
  let rest = '';
  let from = 0;
  for (const { start, end } of secretsIn(masked)) {
    if (end <= from) continue;
    rest += `${masked.slice(from, Math.max(from, start))}…`;
    from = end;
  }
  return rest + masked.slice(from);
}

const runCharacter = /[A-Za-z0-9_-]*/y;

/** Behind the characters that a token may be made of. */
function endOfRun(text: string, from: number): number {
  runCharacter.lastIndex = from;
  return from + (runCharacter.exec(text)?.[0].length ?? 0);
}
