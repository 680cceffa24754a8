/**
 * OpenSLO in and out: an objective as a document and back, and what is said of a document with faults.
 * Run: node --conditions=@nines/source packages/slo/examples/openslo-documents.ts
 */
import { defineSlo, rolling, sli } from '@nines/slo';
import { emitOpenSlo, fromOpenSlo, parseOpenSlo, toOpenSlo, validateOpenSlo } from '@nines/slo/openslo';

const events = sli.ratio({ bad: 'errors_total', total: 'requests_total' });
const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('28d'), sli: events });

const text = emitOpenSlo([toOpenSlo(slo)]);
console.log(text);
console.log('the same again:', JSON.stringify(fromOpenSlo(parseOpenSlo(text))[0]) === JSON.stringify(slo));

const broken = text.replace('targetPercent: 99.9', 'targetPercent: 100').replace('duration: 28d', 'duration: 28D');
for (const { line, path, code, message } of validateOpenSlo(broken)) console.log(`${line}: ${path} ${message} (${code})`);
