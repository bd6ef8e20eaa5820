/** What an app process of a deploy is started with, as JSON. */
export interface DeployedSettings {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly providerUrl: string;
  /** Plan text of each key's money, and of all together. */
  readonly each: string;
  readonly all: string;
  /** Makes a key for each, and prints them. */
  readonly tenants: readonly string[];
}
