import { describe, expect, test } from 'vitest';
import { deadline, fixed, type PipelineEvent, pipeline, type ResilienceError, systemClock, timeout } from '@nines/resilience';
import { redisErrors, type RedisOptions, redisWith } from '@nines/resilience/ioredis';
import { pRetry } from '@nines/resilience/p-retry';
import { FakeClock } from '@nines/resilience/testing';

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
const reply = (message: string): Error => named('ReplyError', message);

/** A connection of the shape of ioredis; answers with the errors given first, then with what it was asked. */
class Connection {
  readonly #errors: unknown[];
  readonly asked: string[] = [];
  status = 'ready';

  constructor(...errors: unknown[]) {
    this.#errors = errors;
  }

  getBuiltinCommands(): string[] {
    return ['get', 'set', 'incr', 'blpop', 'multi', 'subscribe', 'call'];
  }
  get(key: string, callback?: (error: unknown, value: string) => void): Promise<string> {
    callback?.(undefined, key);
    return this.#answer(`get ${key}`);
  }
  getBuffer(key: string): Promise<string> {
    return this.#answer(`getBuffer ${key}`);
  }
  set(key: string, value: string): Promise<string> {
    return this.#answer(`set ${key} ${value}`);
  }
  incr(key: string): Promise<string> {
    return this.#answer(`incr ${key}`);
  }
  blpop(key: string): Promise<string> {
    return this.#answer(`blpop ${key}`);
  }
  multi(): { exec(): string } {
    return { exec: () => 'executed' };
  }
  pipeline(): string {
    return `chain of ${this.asked.length}`;
  }
  async #answer(command: string): Promise<string> {
    this.asked.push(command);
    if (this.#errors.length > 0) throw this.#errors.shift();
    return command;
  }
}

function resilient(connection: Connection, options?: RedisOptions): { redis: Connection; calls: PipelineEvent[] } {
  const calls: PipelineEvent[] = [];
  const p = pipeline('redis', [pRetry({ maxAttempts: 3, backoff: fixed(0) })], { classify: redisErrors() });
  p.subscribe((event) => {
    if (event.type === 'call') calls.push(event);
  });
  return { redis: redisWith(p, connection, options), calls };
}

describe('redisErrors', () => {
  test.each([
    [reply('LOADING Redis is loading the dataset in memory'), 'throttled'],
    [reply('BUSY Redis is busy running a script'), 'throttled'],
    [reply('TRYAGAIN Multiple keys request during rehashing of slot'), 'throttled'],
    [reply('ERR max number of clients reached'), 'throttled'],
    [reply("READONLY You can't write against a read only replica."), 'transient'],
    [reply('CLUSTERDOWN The cluster is down'), 'transient'],
    [reply("OOM command not allowed when used memory > 'maxmemory'."), 'transient'],
    [reply('WRONGTYPE Operation against a key holding the wrong kind of value'), 'ignored'],
    [reply('BUSYGROUP Consumer Group name already exists'), 'ignored'],
    [reply('ERR syntax error'), 'ignored'],
    [reply('NOAUTH Authentication required.'), 'ignored'],
    [reply(''), 'ignored'],
    [named('AbortError', 'Command aborted due to connection close'), 'transient'],
    [named('MaxRetriesPerRequestError', 'Reached the max retries per request limit'), 'transient'],
    [new Error('Connection is closed.'), 'transient'],
    ['odd', 'transient'],
  ])('%s is %s', (error, kind) => {
    expect(redisErrors()({ ok: false, error }, systemClock)).toBe(kind);
  });

  test('an answer is a success', () => {
    expect(redisErrors()({ ok: true, value: null }, systemClock)).toBe('success');
  });
});

describe('redisWith', () => {
  const lost = (): Error => new Error('Connection is closed.');

  test('repeats a read, in its Buffer form too', async () => {
    const connection = new Connection(lost(), lost());
    const { redis, calls } = resilient(connection);
    expect(await redis.get('a')).toBe('get a');
    expect(await redis.getBuffer('a')).toBe('getBuffer a');
    expect(connection.asked).toEqual(['get a', 'get a', 'get a', 'getBuffer a']);
    expect(calls).toMatchObject([{ kind: 'success', attempts: 3 }, { attempts: 1 }]);
  });

  test('never repeats a write whose fate is not known, unless it is named', async () => {
    const connection = new Connection(lost());
    await expect(resilient(connection).redis.incr('a')).rejects.toThrow();
    expect(connection.asked).toEqual(['incr a']);
    const other = new Connection(lost());
    expect(await resilient(other, { idempotent: ['set'] }).redis.set('a', '1')).toBe('set a 1');
    expect(other.asked).toHaveLength(2);
  });

  test('repeats a write that Redis put off', async () => {
    const connection = new Connection(reply('LOADING'));
    expect(await resilient(connection).redis.incr('a')).toBe('incr a');
  });

  test('a mistake of the program passes unchanged', async () => {
    const wrong = reply('WRONGTYPE Operation');
    const connection = new Connection(wrong);
    await expect(resilient(connection).redis.get('a')).rejects.toBe(wrong);
    expect(connection.asked).toHaveLength(1);
  });

  test('leaves everything else as it was: chains, blocking commands, callbacks, properties, methods of its own', async () => {
    const connection = new Connection();
    const { redis, calls } = resilient(connection);
    const heard: string[] = [];
    expect([redis.multi().exec(), redis.pipeline(), redis.status, await redis.blpop('q')]).toEqual([
      'executed',
      'chain of 0',
      'ready',
      'blpop q',
    ]);
    await redis.get('a', (_error, value) => heard.push(value));
    redis.status = 'end';
    expect([heard, connection.status, calls, redis instanceof Connection]).toEqual([['a'], 'end', [], true]);
    const method = (name: string): unknown => Reflect.get(redis, name);
    expect([method('get') === method('get'), method('pipeline') === method('pipeline')]).toEqual([true, true]);
  });

  test('a command is bounded by policies and by the call it is made for', async () => {
    const clock = new FakeClock();
    const hung = Object.assign(new Connection(), { get: () => new Promise<string>(() => {}) });
    const leave = new AbortController();
    const context = (): { criticality: 'critical'; signal: AbortSignal; remainingMs: () => number } => ({
      criticality: 'critical',
      signal: leave.signal,
      remainingMs: () => 50,
    });
    const policies = [deadline({ totalMs: 1_000 }), timeout({ attemptMs: 100 })];
    const p = pipeline('redis', policies, { classify: redisErrors(), clock });
    const codes: unknown[] = [];
    const get = async (options?: RedisOptions): Promise<void> => {
      await redisWith(p, hung, options)
        .get('a')
        .catch((error: ResilienceError) => codes.push(error.code));
    };
    const own = get();
    await clock.advance(100);
    await own;
    const inherited = get({ context });
    await clock.advance(50);
    await inherited;
    const left = get({ context });
    leave.abort();
    await left;
    expect(codes).toEqual(['TIMEOUT', 'DEADLINE_EXCEEDED', 'ABORTED']);
  });

  test.each([{ idempotent: 'get' }, { idempotent: ['GET'] }, { context: 1 }, { other: 1 }])('refuses %j', (wrong) => {
    expect(() => resilient(new Connection(), wrong as object)).toThrow(/^redisWith: /);
  });

  test('refuses what is no pipeline or no connection', () => {
    expect(() => redisWith({} as Parameters<typeof redisWith>[0], new Connection())).toThrow('pipeline must be a pipeline');
    expect(() => redisWith(pipeline('p', []), {} as Connection)).toThrow('client must be a connection');
  });
});
