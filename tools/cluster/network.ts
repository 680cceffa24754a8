import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { onPath } from '../redis/machine.ts';
import type { Endpoint } from './firewall.ts';
import { entering, startProgram, type Program } from './program.ts';

/** Where every packet between two endpoints passes, and can be refused. The machine's own network has no part in it. */
export interface Network {
  /** Gives the network of a process a wire and an address, that of the endpoint; the wire goes when that network goes. */
  attach(endpoint: Pick<Endpoint, 'ip'>, pid: number): Promise<void>;
  /** Puts a table of nftables in place. */
  enforce(table: string): Promise<void>;
  /** No table any more: everything is open. */
  open(): Promise<void>;
  close(): Promise<void>;
}

const PROGRAMS = { nft: 'nftables', ip: 'iproute2', unshare: 'util-linux', nsenter: 'util-linux' };

/** Only root may make networks; `.ci/containers` runs as root where others run the rest. */
export function mayMakeNetworks(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0;
}

/** Which program is missing for making networks, or undefined. */
export function missingForNetworks(): string | undefined {
  const missing = Object.entries(PROGRAMS).find(([program]) => onPath(program) === undefined);
  return missing && `there is no ${missing[0]}; on Debian: apt-get install ${missing[1]}`;
}

/** Every endpoint's next hop: the router's end of its wire. */
const GATEWAY = '169.254.1.1';

/** A router in a network namespace that lives as long as its process, which lives as long as this one: nothing is left behind even after SIGKILL. */
export async function createNetwork(): Promise<Network> {
  const router = await startProgram(new URL('router.ts', import.meta.url));
  // The router answers each refusal, however many there are; Linux would answer one a second.
  const settings = ['ipv4/ip_forward=1', 'ipv4/icmp_ratemask=0'];
  await inside(router.pid, ['sh'], settings.map((each) => `echo ${each.split('=')[1]} > /proc/sys/net/${each.split('=')[0]}`).join(' && '));
  return new RoutedNetwork(router);
}

class RoutedNetwork implements Network {
  readonly #router: Program;
  #count = 0;

  constructor(router: Program) {
    this.#router = router;
  }

  async attach({ ip }: Pick<Endpoint, 'ip'>, pid: number): Promise<void> {
    const wire = `wire${(this.#count += 1)}`;
    await this.#ip(this.#router.pid, [
      `link add ${wire} type veth peer name eth0 netns ${pid}`,
      `addr add ${GATEWAY}/32 dev ${wire}`,
      `link set ${wire} up`,
      `route add ${ip}/32 dev ${wire}`,
    ]);
    await this.#ip(pid, [
      'link set lo up',
      `addr add ${ip}/32 dev eth0`,
      'link set eth0 up',
      `route add ${GATEWAY} dev eth0 scope link`,
      `route add default via ${GATEWAY}`,
    ]);
  }

  async enforce(table: string): Promise<void> {
    await inside(this.#router.pid, ['nft', '-f', '-'], table);
  }

  async open(): Promise<void> {
    await inside(this.#router.pid, ['nft', 'flush', 'ruleset'], '');
  }

  close(): Promise<void> {
    return this.#router.stop();
  }

  #ip(pid: number, lines: readonly string[]): Promise<string> {
    return inside(pid, ['ip', '-batch', '-'], `${lines.join('\n')}\n`);
  }
}

/** Runs a program in the network of a process. @throws Error with what it said when it fails */
async function inside(pid: number, command: readonly string[], input: string): Promise<string> {
  const [program = '', ...args] = [...entering(pid), ...command];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {}).end(input);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [said, complaint] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  const [code] = await closed;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${complaint.toString().trim().slice(0, 1000)}`);
  return said.toString();
}
