import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { installed } from './system-package.js';

/** A Prometheus server that scrapes one target every second. */
export interface PrometheusProcess {
  /** The result of a query, from its HTTP API. Rejects with the server's reason for one that it cannot answer. */
  query(
    expression: string,
  ): Promise<readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[]>;
  stop(): Promise<void>;
}

const found = (): true | undefined =>
  ['prometheus', 'promtool'].every(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  ) || undefined;

/** Whether `prometheus` and `promtool` are on the PATH, perhaps after installing them; `false`, with a warning on stderr, where they are not. */
export function hasPrometheus(): boolean {
  const names = { apt: 'prometheus', apk: 'prometheus', dnf: 'golang-github-prometheus', brew: 'prometheus' };
  if (installed(found, names)) return true;
  process.stderr.write(
    'WARNING: prometheus and promtool are not on the PATH and could not be installed: tests against them are skipped. Install them, e.g. "apt-get install prometheus".\n',
  );
  return false;
}

/** Starts a server on a free port, with rules from a file. */
export async function startPrometheus(target: string, rules: string): Promise<PrometheusProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-prometheus-'));
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'app', static_configs: [{ targets: [target] }] }],
  };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config)); // JSON is YAML, too
  const address = `127.0.0.1:${await freePort()}`;
  const child: ChildProcess = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (;;) {
    const isReady = await fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) break;
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    async query(expression) {
      const answer = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { status, error, data } = (await answer.json()) as {
        status: string;
        error?: string;
        data: { result: [] };
      };
      if (status !== 'success') throw new Error(`${expression}: ${error}`);
      return data.result;
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
