import { importRedisImage } from '../offline/redis-image.ts';
import type { Engine } from './cluster.ts';

/** The Redis that the chart names, pulled, or this machine's own under that name; gives the name without a digest, which what is imported cannot have. */
export async function redisImage(engine: Engine, rendered: string, offline: boolean): Promise<string> {
  const name = rendered.replace(/@.*$/, '');
  const pulled = !offline && (await engine.docker('pull', '--quiet', name).catch(() => ''));
  if (!pulled) await importRedisImage(engine, name);
  return name;
}
