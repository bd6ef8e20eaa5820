import { createWriteStream, existsSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { warehouseLayout } from '@tollgate/reports';
import { Command, Option } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { UsageError } from '../command/failure.js';
import { type PeriodOptions, periodOf, withPeriod } from '../command/period.js';
import { withSession } from '../session/session.js';

interface ExportOptions extends PeriodOptions {
  format: 'csv' | 'jsonl' | 'parquet';
  out?: string;
  tenant?: string;
  keepFormulas?: boolean;
  force?: boolean;
  layout?: 'bigquery' | 'snowflake';
}

/** Between two lines of progress. */
const progressMs = 2_000;

/** `tollgate export` */
export function exportCommand(io: CommandLine): Command {
  return withPeriod(
    new Command('export').description(
      'write usage events to a file, one row each, corrections as separate rows',
    ),
  )
    .addOption(new Option('--format <format>').choices(['csv', 'jsonl', 'parquet']).default('csv'))
    .option('--out <file>', 'where to; it appears when it is complete')
    .option('--force', 'replace the file where there is one')
    .option('--tenant <tenant>', 'of one tenant only')
    .option('--keep-formulas', 'in CSV, leave =texts that a spreadsheet would run as they are')
    .addOption(
      new Option(
        '--layout <warehouse>',
        'instead of events, print what the warehouse needs to load them',
      ).choices(['bigquery', 'snowflake']),
    )
    .addHelpText(
      'after',
      `
Examples:
  tollgate export --month 2026-10 --tenant acme --out october.csv
  tollgate export --month 2026-10 --format jsonl --out october.jsonl && tollgate export --layout bigquery > schema.json
  bq load --source_format=NEWLINE_DELIMITED_JSON --time_partitioning_field=began_at --clustering_fields=tenant,model \\
    billing.usage_events october.jsonl schema.json`,
    )
    .action(async (options: ExportOptions, command: Command) => {
      if (options.layout !== undefined) return io.write(warehouseLayout(options.layout));
      const { out, format, tenant } = options;
      const { fromMs, toMs } = periodOf(options, io.now());
      if (out === undefined) throw new UsageError('--out is required: the file to write');
      const isDevice = existsSync(out) && !statSync(out).isFile();
      if (existsSync(out) && !isDevice && !options.force) {
        throw new UsageError(`${JSON.stringify(out)} is there already; --force replaces it`);
      }
      await withSession(io, command, async ({ books, isRemote, say }) => {
        let events = 0;
        let toldMs = io.now();
        const rows = await books.events({
          ...{
            from: new Date(fromMs),
            to: new Date(toMs),
            format,
            tenant,
            keepsFormulas: options.keepFormulas,
          },
          onProgress: (count, at) => {
            events = count;
            if (io.now() - toldMs < progressMs) return;
            toldMs = io.now();
            io.writeError(`tollgate: ${events} events, up to ${at}\n`);
          },
        });
        const written = isDevice ? out : `${out}.part`;
        const file = createWriteStream(written);
        try {
          await pipeline(rows, file);
          if (!isDevice) await rename(written, out);
        } catch (error) {
          if (!isDevice) await rm(written, { force: true });
          throw error;
        }
        if (isDevice) return;
        say(
          { file: out, ...(!isRemote && { events }), bytes: file.bytesWritten },
          () => `${isRemote ? 'Usage' : `${events}`} events in ${out}, ${file.bytesWritten} bytes\n`,
        );
      });
    });
}
