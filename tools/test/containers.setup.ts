import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { basesHere, buildServices } from '../offline/docker-build.ts';
import { findDocker, type Docker, type NoDocker } from '../offline/docker.ts';
import { IMAGE_BUILD } from './containers.ts';
import { containerRung, skipAsked, type Rung } from './rung.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the test files ask for the daemon and the images. */
    containersUrl: string;
  }
}

/**
 * One Docker daemon and one build of both images for the whole run: found, or started, and built while other tests run already.
 * A test file that wants them waits at a loopback address, since a set-up that waited would hold up every test.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const docker = skipAsked(process.env['SKIP_R3']) ? Promise.resolve(undefined) : dockerHere();
  const rung = docker.then(decide);
  const images = Promise.all([docker, rung]).then(([found]) => (found !== undefined && 'env' in found ? build(found) : ''));
  const server = createServer((request, response) => {
    const answer =
      request.url === '/images'
        ? images
        : Promise.all([rung, docker]).then(([decided, found]) => JSON.stringify({ rung: decided, env: envOf(found) }));
    answer.then(
      (text) => response.end(text),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  project.provide('containersUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    await images.catch(() => '');
    const found = await docker;
    if (found !== undefined && 'env' in found) await found.stop();
  };
}

async function dockerHere(): Promise<Docker | NoDocker> {
  if (process.platform !== 'linux') return { reason: 'they want the networks of Linux' };
  return findDocker();
}

function decide(found: Docker | NoDocker | undefined): Rung {
  const noDocker = found !== undefined && 'reason' in found ? found.reason : undefined;
  const rung = containerRung({ noDocker, skip: process.env['SKIP_R3'], ci: process.env['CI'] });
  if (!rung.run) process.stderr.write(`\n${rung.line}\n\n`);
  return rung;
}

/** Gives what there is to say about the bases. */
async function build(docker: Docker): Promise<string> {
  const bases = await basesHere(docker);
  if (bases.standIn) process.stderr.write('\nthe bases of the Dockerfile cannot be pulled here: built on stand-ins of the same shape\n');
  await buildServices(docker, bases, IMAGE_BUILD);
  return JSON.stringify(bases);
}

/** Only what the daemon needs beside the environment that every test process has already. */
function envOf(found: Docker | NoDocker | undefined): Record<string, string> {
  if (found === undefined || !('env' in found)) return {};
  return Object.fromEntries(
    ['DOCKER_HOST', 'DOCKER_BUILDKIT'].flatMap((name) => (found.env[name] === undefined ? [] : [[name, found.env[name]]])),
  );
}
