import { simulatorAgainstPromtool } from '/work/s2/tools/soak/slo/against-promtool.ts';
const s = performance.now();
console.log(await simulatorAgainstPromtool(Number(process.argv[2] ?? 1), (l) => console.log(((performance.now()-s)/1000).toFixed(0), l)));
