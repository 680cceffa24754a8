/** Runs a soak with what its arguments say; resolves to the exit code: 2 when they are wrong, 0 when they ask for help. */
export async function withOptions<Options extends object>(
  {
    args,
    parse,
    help,
  }: { readonly args: readonly string[]; readonly parse: (args: readonly string[]) => Options | 'help'; readonly help: string },
  run: (options: Options) => Promise<number>,
): Promise<number> {
  let options: Options | 'help';
  try {
    options = parse(args);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  if (options !== 'help') return run(options);
  console.log(help);
  return 0;
}
