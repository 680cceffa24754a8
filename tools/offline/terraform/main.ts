import { spawn } from 'node:child_process';
import { startStandIn } from './terraform.ts';

/**
 * `node tools/offline/terraform/main.ts -chdir=deploy/terraform/main validate`: terraform, with the stand-in for its provider.
 * For a machine that reaches no provider registry; everywhere else `terraform` itself does the same.
 */
const args = process.argv.slice(2);
const folder = args.find((arg) => arg.startsWith('-chdir='))?.slice('-chdir='.length) ?? '.';
const provider = await startStandIn(folder);
const env = { ...process.env, TF_REATTACH_PROVIDERS: provider.reattach, CHECKPOINT_DISABLE: '1' };
const child = spawn('terraform', args, { stdio: 'inherit', env });
child.once('error', (error) => {
  console.error(`terraform cannot be started: ${error.message}`);
  process.exit(2);
});
child.once('exit', (code) => {
  provider.close();
  process.exit(code ?? 1);
});
