import type { Command } from 'commander';
import { addKeyFormat, addOutputOptions, addSettingOptions } from '../options.ts';
import type { Act } from '../program.ts';

export interface DoctorOptions {
  readonly write: boolean;
}

export function addDoctor(program: Command, act: Act): void {
  const command = program
    .command('doctor')
    .description('look for what stands between you and SSE-C, and say how to mend it')
    .argument('[bucket]', 'bucket, or s3://bucket/prefix/ (default: BUCKET_NAME)')
    .option('--no-write', 'leave out the round trip with a small object')
    .addHelpText(
      'after',
      `
Looks at settings and where each comes from, files that others can read, the key, the credentials, the way to the
server, and the bucket; then it puts a small object under a throw-away name and key, proves that the server encrypts
it, and deletes it. With a prefix, the name begins with it.
Each line is ok, a warning, a failure, or unknown: what could not be asked. The exit code is that of the first
failure, and 0 without one.

Examples:
  ssec doctor
  ssec doctor my-bucket -p admin --no-write
  ssec doctor s3://my-bucket/incoming/`,
    );
  addOutputOptions(
    addKeyFormat(addSettingOptions(command, ['target', 'key', 'identity', 'endpoint', 'region'])),
  );
  command.action((argument: string | undefined, options: DoctorOptions) =>
    act(command, async (context) => {
      const { doctor } = await import('../doctor/doctor.ts');
      await doctor(context, argument, options);
    }),
  );
}
