/**
 * A document that shows every change on its way: 200 kB, nested, many scripts, and much that a parser followed by a printer
 * would not give back: odd spacing, escapes beside raw characters, both forms of accents, a lone surrogate (escaped), a key
 * twice, numbers that a double cannot hold.
 */
export function unicodeDocument(bytes = 200_000): string {
  const records: string[] = [];
  let size = 0;
  for (let index = 0; size < bytes; index += 1) {
    const record = recordOf(index);
    records.push(record);
    size += Buffer.byteLength(record) + 3;
  }
  return `{"title" :\t"Übertragung – передача – 転送",\r\n"records": [\n  ${records.join(',\r\n ')}\n]  }\n`;
}

const TEXTS = [
  'The quick brown fox',
  'Falsches Üben von Xylophonmusik quält jeden größeren Zwerg',
  'Съешь же ещё этих мягких французских булок',
  'いろはにほへと ちりぬるを',
  '我能吞下玻璃而不傷身體',
  'צֹאן וּבָקָר בְּיַחַד',
  'الطقس جميل اليوم',
  'ऋषियों को सताने वाले',
  'สวัสดีชาวโลก',
  '👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{1F9EA}',
  'caf\u00e9 cafe\u0301 \u212b \u00c5 \u200d\u2028\u2029\ufeff',
] as const;

const ESCAPES = ['"\\ud83d\\ude00\\u00e9"', '"\\ud800 alone"', '"\\/\\b\\f\\n\\r\\t\\"\\\\"', '"\\u0000\\u001f"'] as const;
const NUMBERS = ['12345678901234567890', '-0', '1E+2', '0.10', '1e-400', '3.141592653589793238462643383279'] as const;

function recordOf(index: number): string {
  const text = (offset: number) => JSON.stringify(TEXTS[(index + offset) % TEXTS.length]);
  const nested = nest(text(1), 1 + (index % 40));
  const same = `"twice":1,"twice" : ${index}`;
  return `{ ${text(0)} : ${text(3)},"escaped":${ESCAPES[index % ESCAPES.length]}, "number":\t${NUMBERS[index % NUMBERS.length]},${same},"nested": ${nested}}`;
}

function nest(inner: string, depth: number): string {
  const open = Array.from({ length: depth }, (_, level) => (level % 2 === 0 ? '[' : '{"ж":')).join('');
  const close = Array.from({ length: depth }, (_, level) => ((depth - 1 - level) % 2 === 0 ? ']' : '}')).join('');
  return `${open}${inner}${close}`;
}
