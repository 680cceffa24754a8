// No telemetry in the code at all. Run:
// OTEL_SERVICE_NAME=shop NINES_TRACES_FILE=spans.jsonl node --import @nines/telemetry/register examples/register.ts
import { createServer } from 'node:http';

const server = createServer((_request, response) => response.end('ok'));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;
console.log(await (await fetch(`http://127.0.0.1:${port}/`)).text());
server.close();
