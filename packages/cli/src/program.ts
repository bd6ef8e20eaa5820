import { Command } from 'commander';
import type { CommandLine } from './command/command-line.js';
import { adviceCommand } from './commands/advice.js';
import { auditCommand } from './commands/audit.js';
import { billCommand } from './commands/bill.js';
import { budgetsCommand } from './commands/budgets.js';
import { capsCommand } from './commands/caps.js';
import { childrenCommand } from './commands/children.js';
import { doctorCommand } from './commands/doctor.js';
import { exportCommand } from './commands/export.js';
import { incidentsCommand } from './commands/incidents.js';
import { jobsCommand } from './commands/jobs.js';
import { keysCommand } from './commands/keys.js';
import { migrateCommand } from './commands/migrate.js';
import { moversCommand } from './commands/movers.js';
import { pricesCommand } from './commands/prices.js';
import { reconcileCommand } from './commands/reconcile.js';
import { repriceCommand } from './commands/reprice.js';
import { simulateCommand } from './commands/simulate.js';
import { spoolCommand } from './commands/spool.js';
import { switchCommand } from './commands/switch.js';
import { tenantsCommand } from './commands/tenants.js';
import { unresolvedCommand } from './commands/unresolved.js';
import { usageCommand } from './commands/usage.js';

const after = `
Where: --database-url or DATABASE_URL (PostgreSQL); otherwise the folder of --dir, TOLLGATE_DIR or .tollgate,
an embedded database that one process opens at a time: stop the app first, or give --url, the address of its
admin API, with TOLLGATE_TOKEN, which is sent as a bearer token.
Exit codes: 0 done, 1 could not be done, 2 not understood.

Examples:
  tollgate keys create --tenant acme --plan pro --scope chat
  tollgate budgets set spend '$500/month' --tenant acme
  tollgate usage --tenant acme --by team,model --month 2026-10 --json`;

/** The whole command line, with its commands writing to `io`. */
export function program(io: CommandLine): Command {
  const root = new Command('tollgate')
    .description('Keys, tenants, budgets, usage and prices of Tollgate.')
    .version(io.version ?? 'unknown')
    .option(
      '--url <address>',
      'the admin API of a running app instead of the database; otherwise TOLLGATE_URL',
    )
    .option('--database-url <url>', 'PostgreSQL; otherwise DATABASE_URL')
    .option('--dir <folder>', 'embedded database; otherwise TOLLGATE_DIR or .tollgate')
    .option('--schema <name>', 'schema of the tables; otherwise TOLLGATE_SCHEMA or tollgate')
    .option('--actor <name>', 'who is changing things, for the audit trail; otherwise cli:<user>')
    .option('--json', 'answer in JSON')
    .option('--no-wait', 'do not wait until a running process has confirmed a change')
    .addHelpText('after', after);
  for (const make of [
    keysCommand,
    childrenCommand,
    tenantsCommand,
    budgetsCommand,
    usageCommand,
    moversCommand,
    billCommand,
    capsCommand,
    exportCommand,
    simulateCommand,
    repriceCommand,
    adviceCommand,
    reconcileCommand,
    unresolvedCommand,
    doctorCommand,
    spoolCommand,
    switchCommand,
    incidentsCommand,
    jobsCommand,
    auditCommand,
    pricesCommand,
    migrateCommand,
  ]) {
    root.addCommand(make(io));
  }
  settle(root, io);
  return root;
}

/** Makes every command throw instead of ending the process, and write to the given output. */
function settle(command: Command, io: CommandLine): void {
  command
    .exitOverride()
    .configureOutput({ writeOut: io.write, writeErr: io.writeError })
    .showSuggestionAfterError();
  for (const one of command.commands) settle(one, io);
}
