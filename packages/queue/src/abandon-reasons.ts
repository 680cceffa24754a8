import type { Queue } from './define.ts';
import { QueueError } from './errors.ts';

/* Why an attempt is given up: what the signal of its handler is aborted with. */

export function attemptTimedOut(timeoutMs: number): QueueError {
  return new QueueError('ATTEMPT_TIMEOUT', `the attempt took longer than attemptTimeoutMs (${timeoutMs} ms)`, { retryable: true });
}

export function deadlineExceeded(id: string): QueueError {
  return new QueueError('DEADLINE_EXCEEDED', `the deadline of job ${id} has passed`);
}

export function jobCancelled(id: string): QueueError {
  return new QueueError('JOB_CANCELLED', `job ${id} was cancelled`);
}

export function stopped(timeoutMs: number): QueueError {
  return new QueueError('STOPPED', `the consumer stops and waited ${timeoutMs} ms; the job is handed back`, { retryable: true });
}

export function leaseLost({ name, options }: Queue<unknown>, id: string): QueueError {
  const silent = `this process was silent for longer than leaseMs (${options.leaseMs} ms)`;
  return new QueueError('LEASE_LOST', `the lease of job ${id} of queue ${name} was lost: ${silent}`);
}
