/** Runs other programs: quietly as a step of a set-up, or in the foreground with signals forwarded. */
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { root } from './workspace.mjs';

/** Resolves with the exit code and all output of a program. */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        log += text;
      });
    }
    child.on('error', (error) => resolve({ code: 1, log: `${log}${error.message}\n` }));
    child.on('close', (code) => resolve({ code: code ?? 1, log }));
  });
}

/** Runs one step of a set-up; prints a line when it is done, and the full log only when it failed. */
export async function step(title, work) {
  const began = performance.now();
  const { code, log } = await work();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stderr.write(`${code === 0 ? '✓' : '✗'} ${title} (${seconds} s)\n`);
  if (code === 0) return;
  process.stderr.write(log);
  process.exit(code);
}

/** Runs a program in the foreground, passes signals on, and resolves with its exit code. */
export function foreground(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, ...options, stdio: 'inherit' });
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const pass = (signal) => child.kill(signal);
    for (const signal of signals) process.on(signal, pass);
    child.on('exit', (code, signal) => {
      for (const each of signals) process.off(each, pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
  });
}
