import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { hasPrometheus } from '@tollgate/testkit';
import { parse, parseAllDocuments } from 'yaml';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const proxyReadme = read('examples/proxy/README.md');

/** Variables that the proxy reads. */
const isKnown = (name: string): boolean =>
  new RegExp(`\`${name}\``).test(proxyReadme) || ['NODE_ENV', 'HOST', 'PORT'].includes(name);

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
}

describe('compose.yaml', () => {
  const { services, volumes }: { services: Record<string, Service>; volumes: object } = parse(
    read('compose.yaml'),
  );

  it('publishes ports on this machine only, and holds no secret', () => {
    for (const { ports = [], environment = {} } of Object.values(services)) {
      expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
      const secrets = Object.entries(environment).filter(([name]) => /PASSWORD|TOKEN|KEY/.test(name));
      expect(secrets.filter(([, value]) => !/^\$\{\w+:[?-]/.test(value))).toEqual([]);
    }
  });

  it('mounts files that are there, and volumes that it declares', () => {
    for (const { volumes: mounted = [] } of Object.values(services)) {
      for (const [from = ''] of mounted.map((one) => one.split(':'))) {
        expect([from, from.startsWith('./') ? existsSync(join(root, from)) : from in volumes]).toEqual([
          from,
          true,
        ]);
      }
    }
  });

  it('gives the proxy variables that it reads, and starts it after its stores', () => {
    const { proxy } = services;
    expect(Object.keys(proxy?.environment ?? {}).filter((name) => !isKnown(name))).toEqual([]);
    expect(Object.keys(proxy?.depends_on ?? {}).sort()).toEqual(['postgres', 'redis']);
    for (const { depends_on: needed = [] } of Object.values(services)) {
      const names = Array.isArray(needed) ? needed : Object.keys(needed);
      expect(names.filter((name) => !(name in services))).toEqual([]);
    }
  });
});

describe('the Dockerfile', () => {
  const text = read('Dockerfile');
  const [, runtime = ''] = text.split(/^FROM (?=.*$)/m).slice(1);

  it('runs without root, as the process that receives signals, with a health check', () => {
    expect(runtime).toMatch(/^USER node$/m);
    expect(runtime.indexOf('USER node')).toBeLessThan(runtime.indexOf('CMD ["node", "dist/server.js"]'));
    expect(runtime).toMatch(/HEALTHCHECK [\s\S]*healthz/);
    expect(text).toMatch(/^ENV NODE_ENV=production /m);
  });

  it('has a health check that fails where nothing answers', () => {
    const [, source = ''] = /CMD \["node", "-e", "(.*)"\]/.exec(runtime) ?? [];
    const { status } = spawnSync(process.execPath, ['-e', source], { env: { ...process.env, PORT: '1' } });
    expect(status).toBe(1);
  });

  it('uses the package manager of this repository, and variables that the proxy reads', () => {
    const [, version] = /^ {2}pnpm: (\S+)$/m.exec(read('pnpm-workspace.yaml')) ?? [];
    expect(text).toContain(`pnpm@${version} `);
    const names = [...(/^ENV (.*)$/m.exec(runtime)?.[1] ?? '').matchAll(/(\w+)=/g)].map(
      ([, name = '']) => name,
    );
    expect(names.filter((name) => !isKnown(name))).toEqual([]);
  });
});

describe('the manifests for Kubernetes', () => {
  interface Manifest {
    readonly kind: string;
    readonly metadata: { readonly name: string };
    // biome-ignore lint/suspicious/noExplicitAny: each kind has its own fields, and each test reads some
    readonly spec: any;
  }
  const manifests = parseAllDocuments(read('deploy/kubernetes/proxy.yaml')).map(
    (one) => one.toJS() as Manifest,
  );
  const of = (kind: string) => manifests.find((one) => one.kind === kind)?.spec;
  const pod = of('Deployment').template;
  const [container] = pod.spec.containers;

  it('parse, and name each other', () => {
    expect(parseAllDocuments(read('deploy/kubernetes/proxy.yaml')).flatMap(({ errors }) => errors)).toEqual(
      [],
    );
    expect(manifests.map(({ kind }) => kind)).toEqual([
      'Deployment',
      'Service',
      'HorizontalPodAutoscaler',
      'PodDisruptionBudget',
    ]);
    const { labels } = pod.metadata;
    expect(of('Deployment').selector.matchLabels).toEqual(labels);
    expect(of('Service').selector).toEqual(labels);
    expect(of('PodDisruptionBudget').selector.matchLabels).toEqual(labels);
    expect(of('HorizontalPodAutoscaler').scaleTargetRef.name).toBe('tollgate-proxy');
  });

  it('ask routes that the proxy has, and leave it the time that it needs to end', () => {
    const app = read('examples/proxy/src/app.ts');
    for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
      expect(app).toContain(`app.get('${probe.httpGet.path}'`);
    }
    expect(container.livenessProbe.httpGet.path).toBe('/healthz');
    const env = new Map(
      container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
    );
    expect([...env.keys()].filter((name) => !isKnown(String(name)))).toEqual([]);
    const needed = Number(env.get('DRAIN_DELAY_MS')) + Number(env.get('GRACE_MS')) + 5_000;
    expect(pod.spec.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(needed);
    const { periodSeconds, failureThreshold } = container.readinessProbe;
    expect(Number(env.get('DRAIN_DELAY_MS'))).toBeGreaterThan(periodSeconds * failureThreshold * 1_000);
  });

  it('run without root and without more than is needed', () => {
    expect(pod.spec.securityContext.runAsNonRoot).toBe(true);
    expect(container.securityContext).toEqual({
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    });
  });
});

const withPromtool = hasPrometheus() ? it : it.skip;

describe('the configuration of Prometheus and Grafana', () => {
  withPromtool('is taken by promtool', () => {
    const { status, stderr } = spawnSync(
      'promtool',
      ['check', 'config', '--syntax-only', join(root, 'deploy/prometheus.yml')],
      {
        encoding: 'utf8',
      },
    );
    expect([status, stderr]).toEqual([0, '']);
  });

  it('provisions the data source and the dashboards of the package', () => {
    const [source] = parse(read('deploy/grafana/provisioning/datasources/prometheus.yaml')).datasources;
    expect(source).toMatchObject({ type: 'prometheus', url: 'http://prometheus:9090' });
    const [provider] = parse(read('deploy/grafana/provisioning/dashboards/tollgate.yaml')).providers;
    expect(read('compose.yaml')).toContain(`./packages/telemetry/grafana:${provider.options.path}:ro`);
    expect(readdirSync(join(root, 'packages/telemetry/grafana'))).toHaveLength(3);
  });
});
