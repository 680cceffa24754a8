import { writeFileSync } from 'node:fs';
import { unicodeDocument } from './unicode.ts';

// node examples/gke-app/events/generate.ts
writeFileSync(new URL('unicode.json', import.meta.url), unicodeDocument());
