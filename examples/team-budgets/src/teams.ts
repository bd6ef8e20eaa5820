/** A team, its cap, and the model that each of its features uses. */
export interface Team {
  readonly id: string;
  readonly name: string;
  /** Of all its features together; changed while the app runs by `tollgate budgets set tokens 2M/month --tenant acme --team …`. */
  readonly tokens: string;
  readonly features: Readonly<Record<string, string>>;
}

/** The company whose teams they are, and which is billed. */
export const company = 'acme';

export const teams: readonly Team[] = [
  {
    id: 'support-bot',
    name: 'Support Bot',
    tokens: '20k/month',
    features: { replies: 'gpt-5-mini', summaries: 'gpt-5-nano' },
  },
  {
    id: 'data-analyst',
    name: 'Data Analyst',
    tokens: '20k/month',
    features: { queries: 'gpt-5', charts: 'gpt-5-mini' },
  },
  {
    id: 'content-generator',
    name: 'Content Generator',
    tokens: '500/month',
    features: { drafts: 'gpt-5' },
  },
];
