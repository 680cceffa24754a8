import type { Finding } from '../finding.ts';
import type { House } from '../house.ts';

/** Written so that this file does not find itself. */
const LATER = /\b(T[O]DO|FIX[M]E|X{3})\b/;
const MACHINE = /(?<![\w.:/])\/(?:work\/|root\/|home\/(?!node\/|runner\/|nonroot\/)\w+\/|Users\/\w+\/)|\b[A-Z]:\\Users\\/;

const BINARY = /\.(png|jpe?g|gif|ico|webp|woff2?|gz|zip|pdf)$/;
const FOREIGN = /(^|\/)(package-lock\.json|LICENSE)$/;

/** No path of someone's machine and no note to self is committed. */
export function leftover(house: House): Finding[] {
  return house.files.flatMap((file) => {
    if (BINARY.test(file) || FOREIGN.test(file)) return [];
    return house
      .read(file)
      .split('\n')
      .flatMap((text, index) => inLine(file, index + 1, text));
  });
}

function inLine(file: string, line: number, text: string): Finding[] {
  const later = LATER.exec(text)?.[0];
  const machine = MACHINE.exec(text)?.[0];
  return [
    ...(later === undefined ? [] : [{ file, line, rule: 'later', message: `"${later}": do it or file it` }]),
    ...(machine === undefined ? [] : [{ file, line, rule: 'machine-path', message: `"${machine}" exists on one machine only` }]),
  ];
}
