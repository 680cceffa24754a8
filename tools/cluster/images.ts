import { importRedisImage } from '../offline/redis-image.ts';
import type { Engine } from './cluster.ts';
import { templateOf } from './pod-flags.ts';
import { renderedManifests } from './rendered.ts';

export type ExampleImages = Readonly<Record<'api' | 'worker' | 'redis', string>>;

/**
 * The two images that were built, and the Redis that the chart names: pulled, or this machine's own under that name.
 * @param offline - no registry was reached for the bases either, so none is asked
 */
export async function exampleImages(
  engine: Engine,
  offline: boolean,
  built: (service: 'api' | 'worker') => string,
): Promise<ExampleImages> {
  // An image that is imported has no digest.
  const redis = templateOf(renderedManifests('gke'), 'redis').spec.containers[0].image.replace(/@.*$/, '');
  const pulled = !offline && (await engine.docker('pull', '--quiet', redis).catch(() => ''));
  if (!pulled) await importRedisImage(engine, redis);
  return { api: built('api'), worker: built('worker'), redis };
}
