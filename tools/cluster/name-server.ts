import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { serve } from './serve.ts';

/** The cluster's DNS: answers by UDP what it is told, IPv4 addresses only, and that there is nothing else. */
let addresses: Readonly<Record<string, string>> = {};

const HEADER_BYTES = 12;
/** What is shorter asks nothing, and goes back as it came: for those who only want to know whether there is a way. */
const QUERY_MIN_BYTES = HEADER_BYTES + 5;
const TYPE_A = 1;
/** A response, recursion desired and available. */
const FLAGS = 0x8180;
const NO_SUCH_NAME = 3;

function reply(query: Buffer): Buffer {
  let at = HEADER_BYTES;
  const labels: string[] = [];
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const question = query.subarray(HEADER_BYTES, at + 5);
  const address = addresses[labels.join('.').toLowerCase()];
  const answers = address !== undefined && query.readUInt16BE(at + 1) === TYPE_A ? [record(address)] : [];
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(FLAGS + (address === undefined ? NO_SUCH_NAME : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, question, ...answers]);
}

/** The name is that of the question, class IN, to be kept for no time. */
function record(address: string): Buffer {
  const bytes = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
  bytes.set(address.split('.').map(Number), 12);
  return bytes;
}

serve({
  async listen() {
    const socket = createSocket('udp4');
    socket.on('message', (query, { address, port }) => socket.send(query.length < QUERY_MIN_BYTES ? query : reply(query), port, address));
    socket.bind(53, '0.0.0.0');
    await once(socket, 'listening');
  },
  know(known: Readonly<Record<string, string>>) {
    addresses = known;
  },
});
